/** A time of day; the whole date on hover. */
const format = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })

export function ClockTime({ at }: { readonly at: number }) {
  const date = new Date(at)
  return (
    <time dateTime={date.toISOString()} title={date.toLocaleString()}>
      {format.format(date)}
    </time>
  )
}
