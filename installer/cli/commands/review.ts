import { readFile } from 'node:fs/promises'
import { writeFileAtomically } from '@leadglass/sync-agent/foundation'
import {
  type PixelBox,
  type PixelReviewView,
  pixelBox,
  pixelFrame,
  pixelReview,
  pixelReviewList,
  refuseAnswer,
  releaseAnswer,
} from '@leadglass/ui/contract/local-api'
import { type Command, Option } from 'commander'
import { z } from 'zod'
import { InstallerError } from '../../errors.ts'
import { InstanceClient } from '../client.ts'
import { EXIT } from '../exit.ts'
import { callerPath, print, wholeNumber, withData, withJson } from '../options.ts'
import { renderTable } from '../table.ts'

interface Options {
  readonly data: string
  readonly json: boolean
}

/** `leadglass review list|show|release|refuse`. */
export function registerReview(program: Command): void {
  const review = program.command('review').description('objects whose pixels a person must look at before they leave')
  const state = new Option('--state <state>', 'which').choices(['held', 'released', 'refused']).default('held')
  withJson(withData(review.command('list').description('list the objects').addOption(state))).action(list)
  withJson(withData(review.command('show').description('show one, with the boxes that are proposed')))
    .argument('<review>', 'number, as listed', anyNumber)
    .option('--frame <n>', 'the frame to write, from 0', wholeNumber(0, 1_000_000), 0)
    .option('--png <file>', 'write the frame there; that somebody looked is recorded', callerPath)
    .action(show)
  withJson(withData(review.command('release').description('let it leave, blacked out where the boxes say')))
    .argument('<review>', 'number, as listed', anyNumber)
    .requiredOption('--reason <text>', 'why, for the record')
    .option('--proposed', 'with the boxes that are proposed', false)
    .option(
      '--boxes <file>',
      'with these: JSON, [{"frame":null,"box":{"left":0,"top":0,"width":9,"height":9}}]',
      callerPath,
    )
    .action(release)
  withJson(withData(review.command('refuse').description('it never leaves')))
    .argument('<review>', 'number, as listed', anyNumber)
    .requiredOption('--reason <text>', 'why, for the record')
    .action(refuse)
}

const anyNumber = wholeNumber(1, Number.MAX_SAFE_INTEGER)

async function list(options: Options & { readonly state: string }): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const path = `/api/pixel-reviews?state=${options.state}`
  const { reviews } = await client.request({ service: 'appliance', method: 'GET', path, schema: pixelReviewList })
  print(options.json, reviews, () =>
    renderTable(
      ['review', 'state', 'study', 'modality', 'reason', 'boxes', 'since', 'decided by', 'why'],
      reviews.map((one) => [
        one.review,
        one.state,
        one.study,
        one.modality,
        one.reason,
        (one.boxes ?? one.proposed).length,
        one.heldAt,
        one.decidedBy,
        one.decisionReason,
      ]),
    ),
  )
}

async function show(
  review: number,
  options: Options & { readonly frame: number; readonly png?: string },
): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const found = await find(client, review)
  if (options.png !== undefined) {
    const path = `/api/pixel-reviews/${review}/frames/${options.frame}`
    const frame = await client.request({ service: 'appliance', method: 'GET', path, schema: pixelFrame })
    await writeFileAtomically(options.png, Buffer.from(frame.png, 'base64'))
  }
  print(options.json, found, () =>
    [
      `Review ${found.review}: ${found.state}, ${found.reason}; study ${found.study}, ${found.modality}`,
      renderTable(['frame', 'left', 'top', 'width', 'height'], (found.boxes ?? found.proposed).map(rowOf)),
    ].join('\n'),
  )
}

async function release(
  review: number,
  options: Options & { readonly reason: string; readonly proposed: boolean; readonly boxes?: string },
): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const boxes = [
    ...(options.proposed ? (await find(client, review)).proposed : []),
    ...(options.boxes === undefined ? [] : await boxesIn(options.boxes)),
  ]
  const path = `/api/pixel-reviews/${review}/release`
  const body = { boxes, reason: options.reason }
  // Every frame is read again: that may take minutes.
  const text = (await client.longPost('appliance', path, body)).body.toString('utf8')
  const answer = releaseAnswer.parse(JSON.parse(text))
  if (!answer.released) process.exitCode = EXIT.failed
  print(options.json, answer, () =>
    answer.released
      ? `Review ${review} is released; export the study again.`
      : [
          'Not released: an identifier or a date can still be read here.',
          renderTable(['frame', 'left', 'top', 'width', 'height'], answer.found.map(rowOf)),
        ].join('\n'),
  )
}

async function refuse(review: number, options: Options & { readonly reason: string }): Promise<void> {
  const client = await InstanceClient.open(options.data)
  const path = `/api/pixel-reviews/${review}/refuse`
  const body = { reason: options.reason }
  const answer = await client.request({ service: 'appliance', method: 'POST', path, body, schema: refuseAnswer })
  print(options.json, answer, () => `Review ${review} is refused: the object never leaves.`)
}

function find(client: InstanceClient, review: number): Promise<PixelReviewView> {
  const path = `/api/pixel-reviews/${review}`
  return client.request({ service: 'appliance', method: 'GET', path, schema: pixelReview })
}

async function boxesIn(file: string): Promise<PixelBox[]> {
  const text = await readFile(file, 'utf8')
  try {
    return z.array(pixelBox).parse(JSON.parse(text))
  } catch (cause) {
    throw new InstallerError('input-invalid', {
      message: `${file} holds no list of boxes`,
      effect: 'nothing was released',
      nextStep: 'write it as the help of the command shows',
      cause,
    })
  }
}

function rowOf({ frame, box }: PixelBox): (string | number)[] {
  return [frame ?? 'all', box.left, box.top, box.width, box.height]
}
