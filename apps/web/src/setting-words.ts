/** A server's settings as rows to read. Pure. */
import type { RouteAnswer } from '@belay/protocol'
import { duration } from './time.ts'

export interface SettingRow {
  readonly name: string
  readonly value: string
  readonly about?: string
}

interface SettingRows {
  readonly server: readonly SettingRow[]
  readonly deadlines: readonly SettingRow[]
  readonly limits: readonly SettingRow[]
}

export function settingRows(settings: RouteAnswer<'settings'>): SettingRows {
  const { keepSessionsMs, minDiskBytes, allowPrivateCallbacks } = settings
  return {
    server: [
      { name: 'version', value: settings.version, about: `protocol ${settings.protocol}` },
      {
        name: 'up since',
        value: new Date(settings.since).toISOString().replace('T', ' ').slice(0, 19),
        about: 'UTC',
      },
      {
        name: '--keep-sessions',
        value: keepSessionsMs === undefined ? 'for ever' : spell(keepSessionsMs),
        about: 'idle sessions are kept',
      },
      {
        name: '--min-disk',
        value: bytes(minDiskBytes),
        about: 'free space a preparation asks for',
      },
      {
        name: '--allow-private-callbacks',
        value: allowPrivateCallbacks ? 'yes' : 'no',
        about: 'callbacks to this machine and its networks',
      },
    ],
    deadlines: Object.entries(settings.deadlines).map(([name, ms]) => ({ name, value: spell(ms) })),
    limits: Object.entries(settings.limits).map(([name, value]) => ({
      name,
      value: unit(name, value),
    })),
  }
}

/** The unit is the last word of the name before `Max` or `Min`. */
function unit(name: string, value: number): string {
  if (/Bytes(?:Max|Min)$/.test(name)) return bytes(value)
  return /Ms(?:Max|Min)?$/.test(name) ? spell(value) : value.toLocaleString('en')
}

function spell(ms: number): string {
  if (ms < 1000) return `${ms} ms`
  const hours = ms / 3_600_000
  if (hours >= 48 && Number.isInteger(hours / 24)) return `${hours / 24} days`
  if (hours >= 1 && Number.isInteger(hours)) return `${hours} h`
  const minutes = ms / 60_000
  return Number.isInteger(minutes) ? `${minutes} min` : duration(ms)
}

function bytes(count: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB']
  let at = 0
  let value = count
  while (value >= 1024 && at < units.length - 1) {
    value /= 1024
    at++
  }
  return `${Number(value.toFixed(1))} ${units[at]}`
}
