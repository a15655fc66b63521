import { accessionAnswer, mergeAnswer, mergeList } from '@leadglass/ui/contract/local-api'
import { type Command, Option } from 'commander'
import { InstanceClient } from '../client.ts'
import { print, wholeNumber, withData, withJson } from '../options.ts'
import { renderTable } from '../table.ts'

interface Common {
  readonly data: string
  readonly json: boolean
}

interface Reasoned extends Common {
  readonly reason: string
}

interface MergeOptions extends Reasoned {
  readonly from: string
  readonly to: string
  readonly issuer: string
  readonly name?: string
  readonly birthDate?: string
  readonly sex?: string
}

/** `leadglass correct merge|undo-merge|merges|accession`. */
export function registerCorrect(program: Command): void {
  const correct = program.command('correct').description('correct whose a study is, or its accession number')
  const merge = correct
    .command('merge')
    .description('merge one patient into another; studies of both stand under the second, results are sent again')
    .requiredOption('--from <id>', 'Patient ID that is merged and no longer valid')
    .requiredOption('--to <id>', 'Patient ID that survives')
    .option('--issuer <name>', 'Issuer of Patient ID of both; without it the numbers of the site itself', '')
    .option(
      '--name <pn>',
      'name of the surviving patient as in DICOM (FAMILY^GIVEN); without it the received one stays',
    )
    .option('--birth-date <date>', 'birth date of the surviving patient, YYYYMMDD')
    .addOption(new Option('--sex <sex>', 'sex of the surviving patient').choices(['F', 'M', 'O']))
    .requiredOption('--reason <text>', 'why; stays at the site')
  withJson(withData(merge)).action(mergePatients)
  const undo = correct
    .command('undo-merge')
    .description('take a merge back: its studies stand under the merged patient again')
    .argument('<merge>', 'number of the merge, as "leadglass correct merges" shows it', wholeNumber(1, 1e15))
    .requiredOption('--reason <text>', 'why; stays at the site')
  withJson(withData(undo)).action(undoMerge)
  const merges = correct.command('merges').description('list merges, newest first')
  withJson(withData(merges)).action(listMerges)
  const accession = correct
    .command('accession')
    .description('correct the accession number of a study; its results are sent again under the new one')
    .argument('<study>', 'study pseudonym, as "leadglass study list" shows it')
    .argument('<number>', 'the right accession number')
    .requiredOption('--reason <text>', 'why; stays at the site')
  withJson(withData(accession)).action(correctAccession)
}

async function mergePatients(options: MergeOptions): Promise<void> {
  const { from, to, issuer, name, birthDate, sex, reason } = options
  const client = await InstanceClient.open(options.data)
  const answer = await client.request({
    service: 'appliance',
    method: 'POST',
    path: '/api/corrections/merges',
    body: { from, to, issuer, name: name ?? null, birthDate: birthDate ?? null, sex: sex ?? null, reason },
    schema: mergeAnswer,
  })
  print(options.json, answer, () =>
    answer.known
      ? `Merge ${answer.merge} was in force already.`
      : `Merge ${answer.merge} recorded: ${answer.studies} studies stand under the surviving patient now.`,
  )
}

async function undoMerge(merge: number, options: Reasoned): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const answer = await client.request({
    service: 'appliance',
    method: 'POST',
    path: `/api/corrections/merges/${merge}/undo`,
    body: { reason: options.reason },
    schema: mergeAnswer,
  })
  print(options.json, answer, () => `Merge ${merge} undone: ${answer.studies} studies changed.`)
}

async function listMerges(options: Common): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const { merges } = await client.request({
    service: 'appliance',
    method: 'GET',
    path: '/api/corrections/merges',
    schema: mergeList,
  })
  print(options.json, merges, () =>
    merges.length === 0
      ? 'No merges.'
      : renderTable(
          ['merge', 'from', 'to', 'source', 'by', 'at', 'undone'],
          merges.map((one) => [one.merge, one.from, one.to, one.source, one.by, one.at, one.undoneAt ?? '']),
        ),
  )
}

async function correctAccession(study: string, accession: string, options: Reasoned): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const answer = await client.request({
    service: 'appliance',
    method: 'POST',
    path: `/api/studies/${encodeURIComponent(study)}/accession`,
    body: { accession, reason: options.reason },
    schema: accessionAnswer,
  })
  print(options.json, answer, () => `Corrected: revision ${answer.revision} of the study stands under ${accession}.`)
}
