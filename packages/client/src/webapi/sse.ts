/** Reading `text/event-stream`: the data of each message, and a sign of life for everything else. */

/** The two signs a stream of messages gives. */
export interface MessageSink {
  text(data: string): void
  alive(): void
}

/** Returns at the end of the stream; a message that the end cut is dropped, as the standard says. */
export async function readEventStream(
  body: ReadableStream<Uint8Array>,
  sink: MessageSink,
): Promise<void> {
  const decoder = new TextDecoder()
  const reader = body.getReader()
  let rest = ''
  let data: string[] = []
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    sink.alive()
    rest += decoder.decode(value, { stream: true })
    const lines = rest.split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const text = line.endsWith('\r') ? line.slice(0, -1) : line
      if (text.startsWith('data:')) data.push(text.slice(text[5] === ' ' ? 6 : 5))
      else if (text === '' && data.length > 0) {
        sink.text(data.join('\n'))
        data = []
      }
    }
  }
}
