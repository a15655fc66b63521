import {
  type ExplanationDetail,
  explanationAnswer,
  explanationDetail,
  explanationList,
  explanationQuery,
  explanationRequest,
  type StudySummary,
} from '../../contract/local-api.ts'
import { FakeFailure, type FakeRoute } from '../fake-service.ts'
import { hex, minutesAgo } from './common.ts'

const CELLS = 14

/** A map with one warm place: lower left of the picture. */
function valuesOf(): number[] {
  return Array.from({ length: CELLS * CELLS }, (_, at) => {
    const [y, x] = [Math.floor(at / CELLS) - 10, (at % CELLS) - 3]
    return 0.21 * Math.exp(-(x * x + y * y) / 9) - 0.004
  })
}

/** The routes of explanations over the studies; two lists of them are never mixed. */
export function explanationRoutes(studies: () => readonly StudySummary[]): FakeRoute[] {
  const made: (ExplanationDetail & { readonly study: string })[] = []
  return [
    {
      method: 'GET',
      path: /^\/api\/studies\/([0-9a-f]{32})\/explanations$/,
      answer: ({ params }) => explanationList.parse({ explanations: made.filter(({ study }) => study === params[0]) }),
    },
    {
      method: 'POST',
      path: /^\/api\/studies\/([0-9a-f]{32})\/explanations$/,
      answer: ({ params, body }) => {
        const wanted = explanationRequest.parse(body)
        const summary = studies().find(({ study }) => study === params[0])
        const score = summary?.scores.find(({ code }) => code === wanted.code)
        if (summary === undefined || score === undefined) throw new FakeFailure(404, 'score-unknown')
        if (wanted.code !== 'pneumonia') return explanationAnswer.parse({ explained: false, reason: 'not-additive' })
        const contributions = Array.from({ length: 40 }, (_, at) => ({
          feature: `embedding.${at}`,
          contribution: (at % 2 === 0 ? 1 : -1) / (at + 1),
        }))
        const expected = -1.5
        const total = contributions.reduce((sum, { contribution }) => sum + contribution, expected)
        const explanation: ExplanationDetail = {
          explanation: made.length + 1,
          state: 'current',
          instance: wanted.instance,
          frame: 0,
          code: wanted.code,
          title: score.title,
          method: wanted.method === 'occlusion' ? 'occlusion' : 'linear',
          model: score.model,
          pixels: hex('pixels of a frame', 64),
          object: hex('an object', 64),
          digest: hex(`explanation ${made.length}`, 64),
          madeAt: minutesAgo(0),
          score: score.value,
          imageRows: 2048,
          imageColumns: 2048,
          content:
            wanted.method === 'occlusion'
              ? { method: 'occlusion', rows: CELLS, columns: CELLS, values: valuesOf(), passes: 205 }
              : { method: 'linear', expected, total, link: ['Sigmoid'], contributions },
        }
        made.push({ ...explanation, study: summary.study })
        return explanationAnswer.parse({ explained: true, explanation })
      },
    },
    {
      method: 'GET',
      path: /^\/api\/studies\/([0-9a-f]{32})\/explanations\/(\d+)$/,
      answer: ({ params, query }) => {
        const shown = explanationQuery.parse(Object.fromEntries(query))
        const found = made.find(({ study, explanation }) => study === params[0] && String(explanation) === params[1])
        if (found === undefined) throw new FakeFailure(404, 'explanation-unknown')
        if (shown.model !== found.model.digest || shown.pixels !== found.pixels || shown.frame !== found.frame) {
          throw new FakeFailure(409, 'explanation-mismatch')
        }
        return explanationDetail.parse(found)
      },
    },
  ]
}
