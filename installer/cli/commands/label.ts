import { type LabelRequest, labelDetail } from '@leadglass/ui/contract/local-api'
import type { Command } from 'commander'
import { Option } from 'commander'
import { InstanceClient } from '../client.ts'
import { print, withData, withJson } from '../options.ts'

interface LabelOptions {
  readonly data: string
  readonly json: boolean
  readonly finding: string
  readonly value: LabelRequest['value']
  readonly blind: boolean
}

/** `leadglass label STUDY --finding F --value V`: verifies a study as ground truth. */
export function registerLabel(program: Command): void {
  const command = program
    .command('label')
    .description('verify a study as ground truth; the label goes to the hub like everything else, as a code')
    .argument('<study>', 'study pseudonym, as "leadglass study list" shows it')
    .requiredOption('--finding <code>', 'code of the finding, such as pneumonia')
    .addOption(
      new Option('--value <value>', 'what was seen').choices(['present', 'absent', 'uncertain']).makeOptionMandatory(),
    )
    .option('--blind', 'the reader answered before seeing any score', false)
  withJson(withData(command)).action(async (study: string, options: LabelOptions) => {
    const label = await sendLabel(await InstanceClient.open(options.data), study, options)
    print(options.json, label, () => `Recorded: ${label.finding} ${label.value} for study ${study}.`)
  })
}

/** Records a label through the appliance's API. */
export function sendLabel(
  client: InstanceClient,
  study: string,
  { finding, value, blind }: LabelRequest,
): Promise<ReturnType<typeof labelDetail.parse>> {
  return client.request({
    service: 'appliance',
    method: 'POST',
    path: `/api/studies/${encodeURIComponent(study)}/label`,
    body: { finding, value, blind },
    schema: labelDetail,
  })
}
