/** Inputs to who decides about one at a time: what a step brings about is an input too, and waits for the end of it. */

/**
 * @param take decides about one input and does what follows; it may feed more
 * @returns what takes inputs, in the order they come in. An input that came in the middle of another is only kept by the
 *   call, and was taken when the outer call returns. What `take` throws is a bug: nothing is taken after it.
 */
export function oneAtATime<Input>(take: (input: Input) => void): (input: Input) => void {
  const waiting: Input[] = []
  let taking = false
  return (input) => {
    waiting.push(input)
    if (taking) return
    taking = true
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) take(next)
    taking = false
  }
}
