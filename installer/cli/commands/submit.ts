import { approvalSummary } from '@leadglass/ui/contract/hub-api'
import type { Command } from 'commander'
import { parseReference } from '../../approve/model-reference.ts'
import { InstanceClient } from '../client.ts'
import { print, wholeNumber, withData, withJson } from '../options.ts'

interface SubmitOptions {
  readonly data: string
  readonly json: boolean
  readonly clinical: string
  readonly technical: string
  readonly withinPlan: boolean
  readonly dueInDays?: number
  readonly previous?: string
}

/** Adds `submit` to a group of commands. */
export function registerSubmit(group: Command): void {
  withJson(
    withData(
      group
        .command('submit')
        .description('submit a candidate for approval, naming who is to sign')
        .argument('<name@version>')
        .requiredOption('--clinical <person>', 'the clinical approver')
        .requiredOption('--technical <person>', 'the technical approver')
        .option('--within-plan', 'claim that the version is within the plan for changes of its model', false)
        .option('--due-in-days <n>', 'it ends by itself unless it is signed by then', wholeNumber(1, 90))
        .option('--previous <approval>', 'the approval that was sent back and that this one answers'),
    ),
  ).action(submit)
}

async function submit(reference: string, options: SubmitOptions): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const { dueInDays, previous, withinPlan } = options
  const approval = await client.request({
    service: 'hub',
    method: 'POST',
    path: '/api/approvals',
    body: {
      ...parseReference(reference),
      signoffs: [
        { person: options.clinical, role: 'clinical' },
        { person: options.technical, role: 'technical' },
      ],
      withinPlan,
      ...(dueInDays === undefined ? {} : { dueInDays }),
      ...(previous === undefined ? {} : { previous }),
    },
    schema: approvalSummary,
  })
  print(
    options.json,
    approval,
    () =>
      `Submitted as ${approval.approval}. Each approver now runs: leadglass approve sign ${approval.approval} --key FILE`,
  )
}
