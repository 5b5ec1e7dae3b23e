/** Something happened to the session itself: one line, with a process's last words when it left some. */
import { memo } from 'react'
import { CircleAlert, CircleX, Dot, Info, type LucideIcon } from 'lucide-react'
import { noticeOf, type Notice, type NoticeItem } from '@belay/client'
import { ClockTime } from './clock-time.tsx'

const looks: Readonly<
  Record<Notice['level'], { readonly icon: LucideIcon; readonly tone: string }>
> = {
  quiet: { icon: Dot, tone: 'quiet' },
  info: { icon: Info, tone: 'info' },
  warning: { icon: CircleAlert, tone: 'warn' },
  failure: { icon: CircleX, tone: 'bad' },
}

export const NoticeLine = memo(function NoticeLine({ item }: { readonly item: NoticeItem }) {
  const { level, sentence, lines } = noticeOf(item.event)
  const { icon: Icon, tone } = looks[level]
  return (
    <div className="notice" data-tone={tone}>
      <Icon className="icon" aria-hidden="true" />
      <div>
        <span className="sentence">{sentence}</span>
        {lines.length > 0 && (
          <pre className="output" aria-label="Last lines of its stderr">
            {lines.join('\n')}
          </pre>
        )}
      </div>
      <ClockTime at={item.at} />
    </div>
  )
})
