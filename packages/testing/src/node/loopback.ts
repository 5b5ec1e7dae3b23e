/** Servers of the tests listen on loopback only, on a port the system picks. */
import type { Server as HttpServer } from 'node:http'
import type { Server } from 'node:net'

/** @param port 0 for any free one. @returns the port. */
export function listenOnLoopback(server: Server, port = 0): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  server.once('error', reject)
  server.listen(port, '127.0.0.1', () => {
    server.off('error', reject)
    const address = server.address()
    if (typeof address === 'object' && address !== null) resolve(address.port)
    else reject(new Error(`a server listens on ${address}, not on a port`))
  })
  return promise
}

/** Ends an HTTP server with all its connections, however busy they are. */
export async function closeServer(server: HttpServer): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeAllConnections()
  await closed
}
