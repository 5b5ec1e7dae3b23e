/** A promise that was broken: what the model-based test ends with. */
export class Broken extends Error {}

/** Far longer than anything here takes: what is not over then hangs. */
const hangMs = 240_000

/** @throws Broken when it does not end */
export async function within<Result>(running: Promise<Result>, what: string): Promise<Result> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Broken(`${what} hangs`)), hangMs)
  })
  return Promise.race([running, late]).finally(() => clearTimeout(timer))
}
