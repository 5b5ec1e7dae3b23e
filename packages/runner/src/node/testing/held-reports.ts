/** All that a spool holds, for tests whose spools are small. */
import { readSpool, type SpooledReport } from '../spool.ts'

export async function heldReports(
  ...spool: Parameters<typeof readSpool>
): Promise<readonly SpooledReport[]> {
  const reports: SpooledReport[] = []
  for await (const report of readSpool(...spool)) reports.push(report)
  return reports
}
