/**
 * The wire's version. A runner may be older than the server it dials (it survives upgrades), so the server keeps
 * reading every version from `floor` on.
 *
 * 1  2026-11-21  first: sessions, turns, queue, permissions, channel lines.
 */
export const protocolVersion = 1
export const protocolFloor = 1
