import { writeFileAtomically } from '@leadglass/sync-agent/foundation'
import {
  type ExplanationDetail,
  explanationAnswer,
  explanationDetail,
  explanationPicture,
  studyDetail,
} from '@leadglass/ui/contract/local-api'
import { type Command, Option } from 'commander'
import { InstallerError } from '../../errors.ts'
import { InstanceClient } from '../client.ts'
import { EXIT } from '../exit.ts'
import { callerPath, print, wholeNumber, withData, withJson } from '../options.ts'
import { renderTable } from '../table.ts'

interface ExplainOptions {
  readonly data: string
  readonly json: boolean
  readonly instance: number
  readonly score?: string
  readonly model?: string
  readonly frame?: number
  readonly method: 'occlusion' | 'attribution'
  readonly png?: string
  readonly palette: 'cividis' | 'viridis'
  readonly threshold: number
}

/** `leadglass explain STUDY`: why a score is what it is. */
export function registerExplain(program: Command): void {
  const command = program
    .command('explain')
    .description('say why a score is what it is: a heat map, or what each feature contributes; not for diagnostic use')
    .argument('<study>', 'study pseudonym, as "leadglass study list" shows it')
    .option('--instance <n>', 'image of the study, from 1', wholeNumber(1, 1_000_000), 1)
    .option(
      '--score <code>',
      'code of the score; the highest above its operating point, else the highest, when left out',
    )
    .option('--model <name>', 'name of the model, where several give that score')
    .option('--frame <n>', 'frame, from 1; the one that speaks most when left out', wholeNumber(1, 65_536))
    .addOption(new Option('--method <method>', 'how').choices(['occlusion', 'attribution']).default('occlusion'))
    .option('--png <file>', 'write the heat map there', callerPath)
    .addOption(
      new Option('--palette <palette>', 'colours of the picture').choices(['cividis', 'viridis']).default('cividis'),
    )
    .option('--threshold <percent>', 'cells below this share of the largest stay dark', wholeNumber(0, 100), 25)
  withJson(withData(command)).action(explain)
}

async function explain(study: string, options: ExplainOptions): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const base = `/api/studies/${encodeURIComponent(study)}`
  const { instance, model, code } = await chosenScore(client, base, options)
  const frame = options.frame === undefined ? null : options.frame - 1
  const body = { instance, model, code, frame, method: options.method }
  // The model is run some hundred times: that may take a minute.
  const text = (await client.longPost('appliance', `${base}/explanations`, body)).body.toString('utf8')
  const answer = explanationAnswer.parse(JSON.parse(text))
  if (!answer.explained) {
    process.exitCode = EXIT.failed
    print(options.json, answer, () => `Not explained: ${answer.reason}.`)
    return
  }
  const { explanation, pixels } = answer.explanation
  const shown = new URLSearchParams({ instance: String(instance), code, model, pixels })
  const path = `${base}/explanations/${explanation}`
  const detail = await client.request({
    service: 'appliance',
    method: 'GET',
    path: `${path}?${shown.toString()}`,
    schema: explanationDetail,
  })
  if (options.png !== undefined) {
    shown.set('palette', options.palette)
    shown.set('threshold', String(options.threshold / 100))
    const picture = await client.request({
      service: 'appliance',
      method: 'GET',
      path: `${path}/picture?${shown.toString()}`,
      schema: explanationPicture,
    })
    await writeFileAtomically(options.png, Buffer.from(picture.png, 'base64'))
  }
  print(options.json, detail, () => wordsOf(detail))
}

async function chosenScore(
  client: InstanceClient,
  base: string,
  { instance, score, model }: ExplainOptions,
): Promise<{ instance: number; model: string; code: string }> {
  const detail = await client.request({ service: 'appliance', method: 'GET', path: base, schema: studyDetail })
  const image = detail.instances[instance - 1]
  const scores = (image?.scores ?? []).filter(
    (one) => (score === undefined || one.code === score) && (model === undefined || one.model.name === model),
  )
  const [first] = scores.toSorted((a, b) => Number(b.above) - Number(a.above) || b.value - a.value)
  if (image === undefined || first === undefined) {
    throw new InstallerError('input-invalid', {
      message: `image ${instance} of the study has no such score`,
      effect: 'nothing was explained',
      nextStep: 'look at the scores with "leadglass study show"',
    })
  }
  return { instance: image.instance, model: first.model.digest, code: first.code }
}

function wordsOf({ title, model, instance, frame, score, pixels, digest, content }: ExplanationDetail): string {
  const head = [
    `${title} ${score.toFixed(3)} by ${model.name} ${model.version}, image ${instance + 1}, frame ${frame + 1}. Not for diagnostic use.`,
    `Model ${model.digest}`,
    `Pixels ${pixels}`,
    `Explanation ${digest}`,
  ]
  if (content.method === 'occlusion') {
    const rows = Array.from({ length: content.rows }, (_, row) =>
      content.values
        .slice(row * content.columns, (row + 1) * content.columns)
        .map((value) => String(Math.round(value * 1000)).padStart(5))
        .join(''),
    )
    return [
      ...head,
      `Thousandths by which the score falls where the image is hidden (${content.passes} runs):`,
      ...rows,
    ].join('\n')
  }
  const strongest = content.contributions.toSorted((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution))
  return [
    ...head,
    `From ${content.expected.toFixed(4)} to ${content.total.toFixed(4)} before ${content.link.join(', ') || 'nothing'}; the strongest:`,
    renderTable(
      ['feature', 'contribution'],
      strongest.slice(0, 20).map((one) => [one.feature, one.contribution.toFixed(4)]),
    ),
  ].join('\n')
}
