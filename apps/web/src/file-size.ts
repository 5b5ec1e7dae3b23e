/** A number of bytes as a person reads it: "512 B", "1.4 KiB". Pure. */
export function fileSize(bytes: number): string {
  return bytes < 1024 ? `${bytes} B` : `${(bytes / 1024).toFixed(bytes < 10_240 ? 1 : 0)} KiB`
}
