import { type Command, Option } from 'commander'
import { parseNodeAddress } from '../../send/address.ts'
import { findFiles } from '../../send/find-files.ts'
import { sendFiles } from '../../send/send-files.ts'
import type { WrapFacts } from '../../send/wrap-file.ts'
import { withWrapped } from '../../send/wrap-files.ts'
import { EXIT } from '../exit.ts'
import { callerPath, print, withJson } from '../options.ts'
import { createProgress } from '../progress.ts'

interface SendOptions {
  readonly to: string
  readonly from: string
  readonly patientId?: string
  readonly modality: WrapFacts['modality']
  readonly view: WrapFacts['view']
  readonly json: boolean
}

/** `leadglass send DIR --to AET@HOST:PORT`: sends DICOM files by C-STORE, and pictures and volumes wrapped into DICOM. */
export function registerSend(program: Command): void {
  const command = program
    .command('send')
    .description(
      'send every DICOM file below a folder by C-STORE, each in the transfer syntax that it has; PNG and JPEG pictures as radiographs, NIfTI-1 volumes as series',
    )
    .argument('<path>', 'folder or file', callerPath)
    .requiredOption('--to <node>', 'AET@HOST:PORT')
    .option('--from <aet>', 'own AE title', 'LEADGLASS_SEND')
    .option('--patient-id <id>', 'patient of pictures and volumes; else made up from the file')
    .addOption(new Option('--modality <modality>', 'modality of volumes').choices(['MR', 'CT']).default('MR'))
    .addOption(new Option('--view <view>', 'view of pictures').choices(['PA', 'AP', 'LL']).default('PA'))
  withJson(command).action(send)
}

async function send(path: string, options: SendOptions): Promise<void> {
  const to = parseNodeAddress(options.to)
  const found = await findFiles(path)
  const progress = createProgress()
  const facts: WrapFacts = {
    patientId: options.patientId,
    modality: options.modality,
    view: options.view,
    studyDate: new Date().toISOString().slice(0, 10).replaceAll('-', ''),
  }
  const summary = await withWrapped(found, facts, async ({ files, wrapped, refused }) => {
    progress.step(`sending ${files.length} files to ${options.to}`)
    const sent = await sendFiles(to, options.from, files, (done) => progress.count(done, files.length))
    return { ...sent, failures: [...sent.failures, ...refused], wrapped }
  })
  print(options.json, summary, () =>
    [
      `${summary.accepted} accepted, ${summary.failures.length} failed, ${summary.skipped} skipped (not DICOM Part 10), of ${summary.files} files.`,
      ...summary.wrapped.map(({ file, from, objects }) => `  ${file}: a ${from}, sent as ${objects} objects`),
      ...summary.failures.slice(0, 20).map(({ file, reason }) => `  ${file}: ${reason}`),
    ].join('\n'),
  )
  process.exitCode = summary.failures.length === 0 && summary.accepted > 0 ? EXIT.done : EXIT.failed
}
