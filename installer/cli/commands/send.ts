import type { Command } from 'commander'
import { parseNodeAddress } from '../../send/address.ts'
import { findFiles } from '../../send/find-files.ts'
import { sendFiles } from '../../send/send-files.ts'
import { EXIT } from '../exit.ts'
import { callerPath, print, withJson } from '../options.ts'
import { createProgress } from '../progress.ts'

/** `leadglass send DIR --to AET@HOST:PORT`: sends DICOM files by C-STORE. */
export function registerSend(program: Command): void {
  const command = program
    .command('send')
    .description('send every DICOM file below a folder by C-STORE, each in the transfer syntax that it has')
    .argument('<path>', 'folder or file', callerPath)
    .requiredOption('--to <node>', 'AET@HOST:PORT')
    .option('--from <aet>', 'own AE title', 'LEADGLASS_SEND')
  withJson(command).action(
    async (path: string, options: { readonly to: string; readonly from: string; readonly json: boolean }) => {
      const to = parseNodeAddress(options.to)
      const files = await findFiles(path)
      const progress = createProgress()
      progress.step(`sending ${files.length} files to ${options.to}`)
      const summary = await sendFiles(to, options.from, files, (done) => progress.count(done, files.length))
      print(options.json, summary, () =>
        [
          `${summary.accepted} accepted, ${summary.failures.length} failed, ${summary.skipped} skipped (not DICOM Part 10), of ${summary.files} files.`,
          ...summary.failures.slice(0, 20).map(({ file, reason }) => `  ${file}: ${reason}`),
        ].join('\n'),
      )
      process.exitCode = summary.failures.length === 0 && summary.accepted > 0 ? EXIT.done : EXIT.failed
    },
  )
}
