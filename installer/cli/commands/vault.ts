import { type LocalVault, openLocalVault, type VaultStatus } from '@leadglass/appliance/commands'
import type { Command } from 'commander'
import { InstanceClient } from '../client.ts'
import { callerPath, print, withData, withJson } from '../options.ts'
import { readPassphrase } from '../passphrase.ts'
import { renderTable } from '../table.ts'
import { registerTwoPeople, type TwoPeopleOptions, twoPeople } from '../two-people.ts'

interface Options {
  readonly data: string
  readonly json: boolean
}

interface EnrolOptions extends Options, Partial<TwoPeopleOptions> {
  readonly account: readonly string[]
  readonly passphraseFile: readonly string[]
  readonly add: boolean
}

interface OpenOptions extends Options, TwoPeopleOptions {
  readonly pseudonym: string
  readonly reason: string
}

/** `leadglass vault status|enrol|open`: the way back from pseudonyms. On this machine only, and never by one person. */
export function registerVault(program: Command): void {
  const vault = program.command('vault').description('the way back from pseudonyms, for two people together')
  withJson(withData(vault.command('status')))
    .description('who holds the key, how many entries there are, whether they are whole, and what was opened')
    .action(status)
  const enrol = withJson(withData(vault.command('enrol')))
    .description('give two people or more a share of the key each; any two will open it')
    .requiredOption('--account <name...>', 'accounts of the console')
    .option('--passphrase-file <file...>', 'passphrases on first lines, in the order of the accounts', collect, [])
    .option('--add', 'one more person, by two who are enrolled (--first, --second)', false)
  registerTwoPeople(enrol, false)
  enrol.action(enrolPeople)
  const open = withJson(withData(vault.command('open')))
    .description('tell whom or what a pseudonym stands for; recorded before it is shown')
    .requiredOption('--pseudonym <pseudonym>', 'of a patient or a study')
    .requiredOption('--reason <text>', 'why; stays at the site')
  registerTwoPeople(open, true)
  open.action(openEntry)
}

async function status(options: Options): Promise<void> {
  await withVault(options.data, async (vault) => {
    const facts = vault.status(20)
    print(options.json, facts, () => statusText(facts))
    if (facts.verdict.kind !== 'sound') process.exitCode = 1
  })
}

async function enrolPeople(options: EnrolOptions): Promise<void> {
  await withVault(options.data, async (vault) => {
    const holders = []
    for (const [index, account] of options.account.entries()) {
      const person = vault.personOf(account)
      const passphrase = await readPassphrase(`New passphrase of ${account}: `, options.passphraseFile[index])
      holders.push({ person, passphrase })
    }
    const { first = '', second = '' } = options
    if (options.add) {
      for (const holder of holders)
        await vault.ceremony.add(holder, await twoPeople(vault, { ...options, first, second }))
    } else await vault.ceremony.enrol(holders)
    const studies = vault.catchUp()
    const people = vault.status(0).people.length
    print(options.json, { people, studies }, () => `${people} people hold shares; ${studies} studies are entered.`)
  })
}

async function openEntry(options: OpenOptions): Promise<void> {
  await withVault(options.data, async (vault) => {
    const opened = await vault.ceremony.open(options.pseudonym, options.reason, await twoPeople(vault, options))
    print(options.json, opened, () => {
      const patient = opened.content.kind === 'patient' ? opened.content : opened.patient
      const lines = [`Opening ${opened.opening}, recorded in the audit log.`]
      if (opened.content.kind === 'study') lines.push(`Study Instance UID: ${opened.content.studyInstanceUid}`)
      if (patient?.kind === 'patient') {
        lines.push(`Patient ID: ${patient.id}`, `Issuer of Patient ID: ${patient.issuer === '' ? '-' : patient.issuer}`)
        if (patient.onlyStudy !== null) lines.push(`The number is a placeholder; the study is ${patient.onlyStudy}`)
      }
      return lines.join('\n')
    })
  })
}

async function withVault(data: string, work: (vault: LocalVault) => Promise<void>): Promise<void> {
  const { layout } = await InstanceClient.open(data)
  const vault = await openLocalVault(layout.appliance.configFile)
  try {
    await work(vault)
  } finally {
    vault.close()
  }
}

function statusText(facts: VaultStatus): string {
  const { verdict } = facts
  const state = {
    sound: 'whole, as the audit log has it',
    broken: 'BROKEN: an entry was changed, removed or put in',
    shortened: 'SHORTENED: entries that the audit log names are missing',
    replaced: 'REPLACED: the audit log names another entry',
  }[verdict.kind]
  return [
    facts.enrolled
      ? `${facts.people.length} people hold shares; any two open the vault.`
      : 'Nobody holds the key yet: no pseudonym is entered.',
    `${facts.entries} entries, ${facts.erased} of them erased with their studies; ${state}.`,
    '',
    renderTable(
      ['opening', 'pseudonym', 'by', 'with', 'at', 'reason'],
      facts.openings.map((one) => [
        one.opening,
        one.pseudonym,
        one.firstPerson,
        one.secondPerson,
        new Date(one.openedAt).toISOString(),
        one.reason,
      ]),
    ),
  ].join('\n')
}

function collect(value: string, before: readonly string[]): string[] {
  return [...before, callerPath(value)]
}
