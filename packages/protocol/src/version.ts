/**
 * The wire's version. A runner may be older than the server it dials (it survives upgrades), so the server keeps
 * reading every version from `floor` on.
 *
 * 1  2026-11-21  first: sessions, turns, queue, permissions, channel lines.
 * 2  2026-11-29  a restore can be planned, and takes back what its turns did instead of the whole tree.
 * 3  2026-11-30  a runner is told that a prompt is coming, by a hint.
 */
export const protocolVersion = 3
export const protocolFloor = 1
/** The first version whose runners plan a restore. One that is older puts back more than the turns did. */
export const protocolPlans = 2
/** The first version whose runners understand hints. */
export const protocolHints = 3
