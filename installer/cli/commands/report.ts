import { readFile } from 'node:fs/promises'
import type { ReportRefusal } from '@leadglass/cloud-hub/commands'
import { writeFileAtomically } from '@leadglass/sync-agent/foundation'
import {
  type ReportCatalogue,
  reportCatalogue,
  reportFramework,
  type SignedReport,
  signedReport,
} from '@leadglass/ui/contract/hub-api'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { parseReference } from '../../approve/model-reference.ts'
import { InstallerError } from '../../errors.ts'
import { InstanceClient } from '../client.ts'
import { EXIT } from '../exit.ts'
import { callerPath, print, withData, withJson } from '../options.ts'
import { renderTable } from '../table.ts'

interface Options {
  readonly data: string
  readonly json: boolean
}

interface MakeOptions extends Options {
  readonly framework?: string
  readonly model?: string
  readonly period: string
  readonly out?: string
}

const REFUSAL_WORDS: Readonly<Record<ReportRefusal, string>> = {
  'too-large': 'the file is larger than any report',
  'not-a-report': 'the file is not a signed report',
  'key-unknown': 'no trusted key is the one that signed it',
  'signature-bad': 'the signature is not that of the trusted key',
  'content-changed': 'the content is not what was signed',
  'evidence-bad': 'a piece of evidence does not hold',
}

/** `leadglass report`, `leadglass report key`, `leadglass report verify`. */
export function registerReport(program: Command): void {
  const report = withJson(withData(program.command('report')))
    .description('compliance reports: each control with its evidence, gaps named, signed')
    .addOption(
      new Option('--framework <name>', 'what to report on').choices(reportFramework.options).conflicts('model'),
    )
    .option('--model <name@version>', 'report on one version of a model')
    .option('--period <period>', 'the time before now: 30d, 12w or 1y', periodOption, '30d')
    .option('--out <file>', 'write a file: a signed PDF for .pdf, else signed JSON', callerPath)
    .action(make)
  withJson(
    withData(report.command('key').description('the key under which reports verify, for a file of trusted keys')),
  ).action(key)
  withJson(report.command('verify <file>').description('verify a report, JSON or PDF, without a network'))
    .requiredOption('--keys <file>', 'trusted keys, one C2SP verifier key a line, kept outside the hub', callerPath)
    .action(verify)
}

async function make(_: unknown, command: Command): Promise<void> {
  const options = command.optsWithGlobals<MakeOptions>()
  const path = addressOf(options)
  const query = `?period=${encodeURIComponent(options.period)}`
  const client = await InstanceClient.open(options.data)
  if (options.out?.endsWith('.pdf') === true) {
    const pdf = await client.bytes('hub', `${path}/paper${query}`)
    await writeFileAtomically(options.out, pdf)
    print(options.json, { file: options.out, bytes: pdf.length }, () => `wrote ${options.out}, ${pdf.length} bytes`)
    return
  }
  const signed = await client.request({ service: 'hub', method: 'GET', path: `${path}${query}`, schema: signedReport })
  if (options.out !== undefined) {
    await writeFileAtomically(options.out, `${JSON.stringify(signed)}\n`)
    print(
      options.json,
      { file: options.out, digest: signed.digest },
      () => `wrote ${options.out}, digest ${signed.digest}`,
    )
    return
  }
  print(options.json, signed, () => lines(signed))
}

async function key(_: unknown, command: Command): Promise<void> {
  const options = command.optsWithGlobals<Options>()
  const client = await InstanceClient.open(options.data)
  const { verifierKey } = await client.request<ReportCatalogue>({
    service: 'hub',
    method: 'GET',
    path: '/api/reports',
    schema: reportCatalogue,
  })
  print(options.json, { verifierKey }, () => verifierKey)
}

async function verify(file: string, _: unknown, command: Command): Promise<void> {
  const options = command.optsWithGlobals<Options & { readonly keys: string }>()
  const keys = (await readInput(options.keys))
    .toString('utf8')
    .split('\n')
    .map((line) => line.trim())
  // Only this command needs the hub's code; the others are there at once.
  const { verifyReport } = await import('@leadglass/cloud-hub/commands')
  const verdict = verifyReport(
    await readInput(callerPath(file)),
    keys.filter((line) => line !== '' && !line.startsWith('#')),
  )
  print(options.json, verdict.kind === 'verified' ? { ...verdict, report: undefined } : verdict, () =>
    verdict.kind === 'refused'
      ? `REFUSED: ${REFUSAL_WORDS[verdict.reason]} (${verdict.reason})`
      : verdict.report === null
        ? `the paper is as the hub signed it; it shows report ${verdict.digest}`
        : `report ${verdict.digest} is as the hub signed it: ${verdict.report.met} met, ${verdict.report.gaps} gaps, ` +
          `${verdict.report.evidence.length} pieces of evidence, ${verdict.entries} entries proven anew`,
  )
  if (verdict.kind === 'refused') process.exitCode = EXIT.failed
}

function lines({ report, digest }: SignedReport): string {
  const { title, period, controls, met, gaps } = report
  return [
    `${title}, ${period.from} to ${period.until}: ${met} met, ${gaps} gaps`,
    '',
    renderTable(
      ['', 'clause', 'asks', 'evidence'],
      controls.map((one) => [one.status === 'met' ? 'met' : 'GAP', one.clause, one.asks, one.evidence.length]),
    ),
    '',
    ...controls.flatMap(({ clause, missing }) => missing.map((words) => `${red('GAP')} ${clause}: ${words}`)),
    '',
    `digest ${digest}`,
  ].join('\n')
}

/** Red on a terminal that shows colours; the word stands there either way. */
function red(text: string): string {
  return process.stdout.isTTY && process.env.NO_COLOR === undefined ? `\u001b[31m${text}\u001b[0m` : text
}

function addressOf({ framework, model }: MakeOptions): string {
  if (framework !== undefined) return `/api/reports/frameworks/${framework}`
  if (model !== undefined) {
    const { name, version } = parseReference(model)
    return `/api/reports/models/${encodeURIComponent(name)}/${encodeURIComponent(version)}`
  }
  throw new InstallerError('input-invalid', {
    message: 'nothing was named to report on',
    effect: 'no report was made',
    nextStep: `name --framework ${reportFramework.options.join('|')}, or --model NAME@VERSION`,
  })
}

function periodOption(text: string): string {
  if (/^[1-9]\d{0,3}[dwy]$/.test(text)) return text
  throw new InvalidArgumentError('It must be days, weeks or years: 30d, 12w or 1y.')
}

async function readInput(path: string): Promise<Buffer> {
  return readFile(path).catch((cause: unknown) => {
    throw new InstallerError('file-not-found', {
      message: `${path} cannot be read`,
      effect: 'nothing was verified',
      nextStep: 'name a file that exists',
      cause,
    })
  })
}
