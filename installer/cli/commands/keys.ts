import { openLocalVault, type RotationPlan } from '@leadglass/appliance/commands'
import type { Command } from 'commander'
import { InstanceClient } from '../client.ts'
import { print, withData, withJson } from '../options.ts'
import { registerTwoPeople, type TwoPeopleOptions, twoPeople } from '../two-people.ts'

interface RotateOptions extends Partial<TwoPeopleOptions> {
  readonly data: string
  readonly json: boolean
  readonly reason: string
  readonly dryRun: boolean
}

/** `leadglass keys rotate-pseudonyms`: a drill, never a routine. */
export function registerKeys(program: Command): void {
  const keys = program.command('keys').description('the keys of pseudonyms')
  const rotate = withJson(withData(keys.command('rotate-pseudonyms')))
    .description('open a new generation of pseudonyms, in force with the next start of the appliance')
    .requiredOption('--reason <text>', 'why; stays at the site')
    .option('--dry-run', 'say what it would do, and change nothing', false)
  registerTwoPeople(rotate, false)
  rotate.action(rotatePseudonyms)
}

async function rotatePseudonyms(options: RotateOptions): Promise<void> {
  const { layout } = await InstanceClient.open(options.data)
  const vault = await openLocalVault(layout.appliance.configFile)
  try {
    const plan = vault.plan()
    if (options.dryRun) {
      print(options.json, plan, () => planText(plan))
      return
    }
    const { first = '', second = '' } = options
    const two = await twoPeople(vault, { ...options, first, second })
    const generation = await vault.rotate(first, two, options.reason)
    print(options.json, { generation }, () => `Generation ${generation} is in force with the next start.`)
  } finally {
    vault.close()
  }
}

function planText({ inForce, next, studies, patientHolds }: RotationPlan): string {
  return [
    `Generation ${inForce} is in force; generation ${next} would be opened, and be in force with the next start.`,
    `About ${studies} studies that are here now nothing more would leave; they stay usable at the site.`,
    'Datasets at the hub take one generation of a site and never mix two.',
    ...(patientHolds === 0 ? [] : [`Refused at present: ${patientHolds} legal holds name patients by pseudonyms.`]),
  ].join('\n')
}
