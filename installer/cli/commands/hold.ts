import { holdList } from '@leadglass/ui/contract/local-api'
import type { Command } from 'commander'
import { z } from 'zod'
import { InstallerError } from '../../errors.ts'
import { InstanceClient } from '../client.ts'
import { print, wholeNumber, withData, withJson } from '../options.ts'
import { renderTable } from '../table.ts'

interface Options {
  readonly data: string
  readonly json: boolean
}

interface AddOptions extends Options {
  readonly study?: string
  readonly patient?: string
  readonly reason: string
}

/** `leadglass hold add|remove|list`. */
export function registerHold(program: Command): void {
  const hold = program.command('hold').description('legal holds: what is under one is never removed')
  withJson(withData(hold.command('add').description('place a hold on a study, or on every study of a patient')))
    .option('--study <pseudonym>', 'study, as listed')
    .option('--patient <pseudonym>', 'patient, as shown with a study; studies still to come are included')
    .requiredOption('--reason <text>', 'why, for the record')
    .action(add)
  withJson(withData(hold.command('remove').description('lift a hold; who, when and why stay in the record')))
    .argument('<hold>', 'number, as listed', wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .requiredOption('--reason <text>', 'why, for the record')
    .action(remove)
  withJson(withData(hold.command('list').description('list the holds, those in force first'))).action(list)
}

async function add(options: AddOptions): Promise<void> {
  const { study, patient, reason } = options
  if ((study === undefined) === (patient === undefined)) {
    throw new InstallerError('input-invalid', {
      message: 'a hold is on one study or on one patient',
      effect: 'no hold was placed',
      nextStep: 'say either --study or --patient',
    })
  }
  const client = await InstanceClient.open(options.data)
  const body = study === undefined ? { patient, reason } : { study, reason }
  const schema = z.object({ hold: z.number().int() })
  const answer = await client.request({ service: 'appliance', method: 'POST', path: '/api/holds', body, schema })
  print(options.json, answer, () => `Hold ${answer.hold} is in force.`)
}

async function remove(hold: number, options: Options & { readonly reason: string }): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const path = `/api/holds/${hold}/lift`
  const schema = z.object({ lifted: z.literal(true) })
  const body = { reason: options.reason }
  const answer = await client.request({ service: 'appliance', method: 'POST', path, body, schema })
  print(options.json, answer, () => `Hold ${hold} is lifted.`)
}

async function list(options: Options): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const answer = await client.request({ service: 'appliance', method: 'GET', path: '/api/holds', schema: holdList })
  print(options.json, answer.holds, () =>
    renderTable(
      ['hold', 'study', 'patient', 'placed', 'by', 'reason', 'lifted', 'why'],
      answer.holds.map((one) => [
        one.hold,
        one.study,
        one.patient,
        one.placedAt,
        one.placedBy,
        one.reason,
        one.liftedAt,
        one.liftedReason,
      ]),
    ),
  )
}
