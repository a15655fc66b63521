import { crc32, deflateSync } from 'node:zlib'
import {
  type PixelReviewView,
  pixelFrame,
  pixelReview,
  pixelReviewList,
  pixelReviewQuery,
  refuseAnswer,
  refuseRequest,
  releaseAnswer,
  releaseRequest,
} from '../../contract/local-api.ts'
import { FakeFailure, type FakeRoute } from '../fake-service.ts'
import { hex, minutesAgo } from './common.ts'

const [WIDTH, HEIGHT, FRAMES] = [320, 240, 3]

/** Objects that wait, and one that was decided about. */
export function seedReviews(): PixelReviewView[] {
  const row = {
    study: hex('pixels', 32),
    sopClassUid: '1.2.840.10008.5.1.4.1.1.3.1',
    modality: 'US',
    catalogue: '2026.1',
    decidedAt: null,
    decidedBy: null,
    decisionReason: null,
  }
  return [
    {
      ...row,
      review: 7,
      state: 'held',
      reason: 'unknown-device',
      proposed: [
        { frame: null, box: { left: 10, top: 8, width: 120, height: 16 } },
        { frame: 1, box: { left: 200, top: 8, width: 90, height: 16 } },
      ],
      boxes: null,
      heldAt: minutesAgo(12),
    },
    {
      ...row,
      review: 5,
      state: 'released',
      reason: 'text-remains',
      proposed: [],
      boxes: [{ frame: null, box: { left: 0, top: 0, width: 320, height: 20 } }],
      heldAt: minutesAgo(500),
      decidedAt: minutesAgo(400),
      decidedBy: hex('radiologist', 32),
      decisionReason: 'the banner is covered',
    },
  ]
}

/** The routes of the review over a list; a release without a box at the top left is told what is left. */
export function pixelRoutes(reviews: () => PixelReviewView[]): FakeRoute[] {
  const find = (review: string | undefined): PixelReviewView => {
    const found = reviews().find((one) => String(one.review) === review)
    if (found === undefined) throw new FakeFailure(404, 'review-unknown')
    return found
  }
  const decide = (review: PixelReviewView, account: string, change: Partial<PixelReviewView>): void => {
    Object.assign(review, { decidedAt: minutesAgo(0), decidedBy: hex(account, 32), ...change })
  }
  return [
    {
      method: 'GET',
      path: /^\/api\/pixel-reviews$/,
      answer: ({ query }) => {
        const { state } = pixelReviewQuery.parse(Object.fromEntries(query))
        return pixelReviewList.parse({ reviews: reviews().filter((one) => one.state === state) })
      },
    },
    {
      method: 'GET',
      path: /^\/api\/pixel-reviews\/(\d+)$/,
      answer: ({ params }) => pixelReview.parse(find(params[0])),
    },
    {
      method: 'GET',
      path: /^\/api\/pixel-reviews\/(\d+)\/frames\/(\d+)$/,
      answer: ({ params, account }) => {
        if (account === 'technologist') throw new FakeFailure(403, 'not-allowed')
        find(params[0])
        const png = picture(Number(params[1])).toString('base64')
        return pixelFrame.parse({ frames: FRAMES, width: WIDTH, height: HEIGHT, png })
      },
    },
    {
      method: 'POST',
      path: /^\/api\/pixel-reviews\/(\d+)\/release$/,
      answer: ({ params, body, account }) => {
        const { boxes, reason } = releaseRequest.parse(body)
        const covered = boxes.some(({ box }) => box.left < 20 && box.top < 20)
        const found = [{ frame: 0, box: { left: 10, top: 8, width: 120, height: 16 } }]
        if (!covered) return releaseAnswer.parse({ released: false, found })
        decide(find(params[0]), account, { state: 'released', boxes, decisionReason: reason })
        return releaseAnswer.parse({ released: true })
      },
    },
    {
      method: 'POST',
      path: /^\/api\/pixel-reviews\/(\d+)\/refuse$/,
      answer: ({ params, body, account }) => {
        decide(find(params[0]), account, { state: 'refused', decisionReason: refuseRequest.parse(body).reason })
        return refuseAnswer.parse({ refused: true })
      },
    },
  ]
}

/** A grey fan, and bars where letters would be. */
function picture(frame: number): Buffer {
  const rows = Buffer.alloc((WIDTH + 1) * HEIGHT)
  for (let y = 0; y < HEIGHT; y += 1)
    for (let x = 0; x < WIDTH; x += 1) {
      const isBar = y >= 10 && y < 20 && ((x >= 12 && x < 126) || (frame === 1 && x >= 202 && x < 286)) && x % 6 < 4
      const isFan = y > 40 && Math.abs(x - 160) < (y - 30) / 1.4
      rows[y * (WIDTH + 1) + x + 1] = isBar ? 230 : isFan ? 40 + ((x * 7 + y * 13 + frame * 31) % 60) : 0
    }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(WIDTH, 0)
  header.writeUInt32BE(HEIGHT, 4)
  header[8] = 8
  const chunk = (type: string, content: Buffer): Buffer => {
    const head = Buffer.concat([Buffer.from(type, 'latin1'), content])
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
    length.writeUInt32BE(content.length)
    sum.writeUInt32BE(crc32(head))
    return Buffer.concat([length, head, sum])
  }
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}
