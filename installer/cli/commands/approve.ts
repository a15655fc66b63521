import { writeFile } from 'node:fs/promises'
import {
  type ApprovalSummary,
  approvalList,
  approvalRecord,
  approvalSummary,
  approvalTimeline,
  signingAlarmList,
} from '@leadglass/ui/contract/hub-api'
import type { Command } from 'commander'
import { z } from 'zod'
import { PersonSession } from '../../approve/person-session.ts'
import { registerSign } from '../../approve/sign-command.ts'
import { InstallerError } from '../../errors.ts'
import { InstanceClient } from '../client.ts'
import { callerPath, print, withData, withJson } from '../options.ts'
import { readPassphrase } from '../passphrase.ts'
import { renderTable } from '../table.ts'
import { registerApproveKeys } from './approve-keys.ts'
import { registerApproveLocal } from './approve-local.ts'
import { registerSubmit } from './submit.ts'

interface CommonOptions {
  readonly data: string
  readonly json: boolean
}

interface PersonOptions extends CommonOptions {
  readonly as: string
  readonly passwordFile?: string
}

/** `leadglass approve …`: every act on an approval, as the pages offer it. */
export function registerApprove(program: Command): void {
  const approve = program.command('approve').description('approvals: submit, review, discuss, sign, send back, record')
  common(approve.command('list').description('all approvals, and who still has to sign')).action(list)
  common(approve.command('show').description('one approval, and what happened to it').argument('<approval>')).action(
    show,
  )
  registerSubmit(approve)
  registerSign(approve)
  asPerson(
    approve
      .command('review')
      .description('say that you begin to look at it')
      .argument('<approval>')
      .argument('<words>'),
  ).action((approval: string, words: string, options: PersonOptions) => act(approval, 'review', { words }, options))
  asPerson(
    approve
      .command('comment')
      .description('say something; it stays as it is')
      .argument('<approval>')
      .argument('<words>')
      .option('--reply-to <number>', 'number of the comment that this one answers', Number),
  ).action((approval: string, words: string, options: PersonOptions & { readonly replyTo?: number }) =>
    act(approval, 'comments', { words, replyTo: options.replyTo ?? null }, options),
  )
  asPerson(
    approve
      .command('request-changes')
      .description('send it back with what must change')
      .argument('<approval>')
      .argument('<reason>'),
  ).action((approval: string, reason: string, options: PersonOptions) => act(approval, 'changes', { reason }, options))
  asPerson(
    approve.command('reject').description('say no, with the reason').argument('<approval>').argument('<reason>'),
  ).action((approval: string, reason: string, options: PersonOptions) =>
    act(approval, 'rejection', { reason }, options),
  )
  common(
    approve.command('withdraw').description('take back what this command line submitted').argument('<approval>'),
  ).action(withdraw)
  common(
    approve
      .command('record')
      .description('the record with both signatures and the proofs of the log; --pdf for paper')
      .argument('<approval>')
      .option('--pdf <file>', 'write the printable record', callerPath),
  ).action(record)
  common(approve.command('alarms').description('lock-outs after failed attempts to sign')).action(alarms)
  asPerson(
    approve
      .command('password')
      .description('change your own hub password')
      .option('--new-password-file <file>', 'instead of the terminal: its first line', callerPath),
  ).action(changePassword)
  registerApproveKeys(approve)
  registerApproveLocal(approve)
}

function common(command: Command): Command {
  return withJson(withData(command))
}

/** Adds who acts: such acts are a person's own. */
export function asPerson(command: Command): Command {
  return common(
    command
      .requiredOption('--as <account>', 'your hub account')
      .option('--password-file <file>', 'file whose first line is your password, instead of asking', callerPath),
  )
}

async function list(options: CommonOptions): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const { approvals } = await client.request({
    service: 'hub',
    method: 'GET',
    path: '/api/approvals',
    schema: approvalList,
  })
  print(options.json, approvals, () =>
    renderTable(
      ['approval', 'model', 'version', 'state', 'due', 'still to sign'],
      approvals.map((one) => [
        one.approval,
        one.model.name,
        one.model.version,
        one.state,
        one.dueAt ?? '',
        one.ended === null ? stillToSign(one) : '',
      ]),
    ),
  )
}

function stillToSign({ signoffs, signatures }: ApprovalSummary): string {
  return signoffs
    .filter((one) => !signatures.some((signature) => signature.person === one.person))
    .map(({ person, role }) => `${person} (${role})`)
    .join(', ')
}

async function show(approval: string, options: CommonOptions): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const get = <Answer>(path: string, schema: z.ZodType<Answer>): Promise<Answer> =>
    client.request({
      service: 'hub',
      method: 'GET',
      path: `/api/approvals/${encodeURIComponent(approval)}${path}`,
      schema,
    })
  const [summary, { steps }] = [await get('', approvalSummary), await get('/timeline', approvalTimeline)]
  print(options.json, { summary, steps }, () =>
    [
      `${summary.model.name} ${summary.model.version}: ${summary.state}. Still to sign: ${stillToSign(summary) || 'nobody'}.`,
      '',
      renderTable(
        ['signed by', 'role', 'meaning', 'at'],
        summary.signatures.map((one) => [one.printedName, one.role, one.meaning, one.at]),
      ),
      '',
      renderTable(
        ['when', 'who', 'no.', 'answers', 'what'],
        steps.map((one) => [one.at, one.person, one.note, one.replyTo, one.words]),
      ),
    ].join('\n'),
  )
}

async function act(approval: string, what: string, body: unknown, options: PersonOptions): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const password = await readPassphrase(`Hub password of ${options.as}: `, options.passwordFile)
  const path = `/api/approvals/${encodeURIComponent(approval)}/${what}`
  const summary = await PersonSession.during(client, options.as, password, (session) =>
    session.post(path, body, approvalSummary),
  )
  print(options.json, summary, () => `Done. The approval is now: ${summary.state}.`)
}

async function withdraw(approval: string, options: CommonOptions): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const path = `/api/approvals/${encodeURIComponent(approval)}`
  const summary = await client.request({ service: 'hub', method: 'DELETE', path, schema: approvalSummary })
  print(options.json, summary, () => `Done. The approval is now: ${summary.state}.`)
}

async function record(approval: string, options: CommonOptions & { readonly pdf?: string }): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const path = `/api/approvals/${encodeURIComponent(approval)}/record`
  if (options.pdf !== undefined) {
    await writeFile(options.pdf, await client.bytes('hub', `${path}.pdf`))
    print(options.json, { file: options.pdf }, () => `Wrote ${options.pdf}.`)
    return
  }
  const found = await client.request({ service: 'hub', method: 'GET', path, schema: approvalRecord })
  process.stdout.write(`${JSON.stringify(found, null, options.json ? 0 : 2)}\n`)
}

async function alarms(options: CommonOptions): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const request = { service: 'hub', method: 'GET', path: '/api/signing-alarms', schema: signingAlarmList } as const
  const { alarms: found } = await client.request(request)
  print(options.json, found, () =>
    renderTable(
      ['at', 'person', 'alarm'],
      found.map((one) => [one.at, one.person, one.code]),
    ),
  )
}

async function changePassword(options: PersonOptions & { readonly newPasswordFile?: string }): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const password = await readPassphrase(`Present password of ${options.as}: `, options.passwordFile)
  const newPassword = await readPassphrase('New password: ', options.newPasswordFile)
  if (options.newPasswordFile === undefined && newPassword !== (await readPassphrase('Again: ', undefined))) {
    throw new InstallerError('input-invalid', {
      message: 'the two entries differ',
      effect: 'the password is as it was',
      nextStep: 'try again',
    })
  }
  const done = z.object({ done: z.literal(true) })
  await PersonSession.during(client, options.as, password, (session) =>
    session.post('/api/session/password', { password, newPassword }, done),
  )
  print(options.json, { changed: true }, () => 'The password is changed; other sessions of this account have ended.')
}
