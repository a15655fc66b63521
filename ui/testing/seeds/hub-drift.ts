import type { DriftAlertList, DriftList } from '../../contract/hub-api.ts'
import { CHEST, minutesAgo } from './common.ts'

const SITE = 'site-a-box-1'

export function seedDrift(): DriftList {
  const features = [
    'score.pneumonia',
    'quality.mean',
    'quality.contrast',
    ...Array.from({ length: 8 }, (_, place) => `embedding.${place}`),
  ]
  const windows = [
    { from: '2026-11-21T00:00:00.000Z', to: '2026-11-22T00:00:00.000Z' },
    // A box of an earlier version says the month alone.
    { from: '2026-10-01T00:00:00.000Z', to: '2026-11-01T00:00:00.000Z' },
  ]
  return {
    features: windows.flatMap((window, back) =>
      features.map((feature, place) => {
        const shift = back === 0 ? (place * 3) % 8 : place % 2
        const few = place === 9
        const psi = few ? null : shift / 20
        const verdict = psi === null ? 'too-few' : psi >= 0.25 ? 'major' : psi >= 0.1 ? 'moderate' : 'stable'
        const p = few ? null : Math.exp(-shift * 1.7)
        return {
          device: SITE,
          model: CHEST,
          feature,
          group: feature.startsWith('score.') ? 'scores' : 'appearance',
          window,
          month: window.from.slice(0, 7),
          isOrdered: true,
          n: few ? 22 : 412 + place * 13,
          psi,
          shift: psi,
          level: psi === null ? null : psi / 0.25,
          test: 'ks',
          q: p,
          familyP: p,
          ksP: p,
          chiSquareP: p,
          fitP: p,
          measures:
            psi === null
              ? null
              : {
                  psi,
                  kullbackLeibler: psi / 2,
                  jensenShannon: psi / 3,
                  hellinger: psi / 3,
                  wasserstein: psi,
                  ks: psi / 2,
                },
          positives: place === 0 && !few ? { reference: 0.21, current: 0.28, limit: 0.05 } : null,
          quantiles: null,
          verdict,
          referenceOf: 'package',
          edges: [-2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2],
          reference: [12, 30, 70, 110, 118, 72, 33, 14],
          current: [12, 30, 70, 110, 118, 72, 33, 14].map((count, bin) => Math.max(11, count + shift * (bin - 3) * 6)),
        }
      }),
    ),
    groups: (['appearance', 'metadata'] as const).map((group, place) => ({
      device: SITE,
      model: CHEST,
      group,
      window: windows[0] ?? { from: '2026-11-21T00:00:00.000Z', to: '2026-11-22T00:00:00.000Z' },
      month: '2026-11',
      features: 10,
      moved: 6 - place * 5,
      concordance: -4.2 + place * 4,
      level: 1.4 - place,
    })),
  }
}

export function seedDriftAlerts(): DriftAlertList {
  const common = {
    model: CHEST.name,
    version: CHEST.version,
    month: '2026-11',
    verdict: 'major',
    settledAt: null,
    settledBy: null,
    reason: null,
  }
  return {
    alerts: [
      {
        ...common,
        alert: '5b7c7a4e-6d0c-4f0e-9a57-0f2f7c1c5b11',
        device: '*',
        feature: 'group.appearance',
        test: 'mmc',
        priority: 'P2',
        advice: 'Look first for one change at the site that explains all of them.',
        raisedAt: minutesAgo(600),
        lastSeenAt: minutesAgo(60),
        clearedAt: minutesAgo(30),
      },
      {
        ...common,
        alert: '1b7c7a4e-6d0c-4f0e-9a57-0f2f7c1c5b12',
        device: SITE,
        feature: 'score.pneumonia',
        test: 'ks',
        priority: 'P1',
        advice: 'Compare with readers’ labels today.',
        raisedAt: minutesAgo(90),
        lastSeenAt: minutesAgo(10),
        clearedAt: null,
      },
    ],
  }
}
