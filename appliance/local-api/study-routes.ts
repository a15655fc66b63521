import { randomUUID } from 'node:crypto'
import type { PatientPseudonym, PersonPseudonym, StudyPseudonym } from '@leadglass/sync-agent/contract'
import { toIsoInstant } from '@leadglass/sync-agent/foundation'
import {
  type LabelDetail,
  labelRequest,
  type QuarantineList,
  type StudyDetail,
  type StudyList,
  studyQuery,
} from '@leadglass/ui/contract/local-api'
import type { FastifyInstance } from 'fastify'
import { countLabel } from '../egress/index.ts'
import type { LabelRow, StudyRow } from '../records/index.ts'
import { actorOf, parse, requireRole } from './access.ts'
import type { LocalApiContext } from './context.ts'
import { withCorrections } from './correction-views.ts'
import { withModelUses } from './deployment-views.ts'
import { LocalApiError } from './errors.ts'
import { identityDetail } from './identity-detail.ts'
import { withRadiomics } from './radiomic-view.ts'
import { isLocalOnly, withRoutes } from './route-view.ts'
import { detailOf, labelView, summaryOf } from './views.ts'

const EVERYONE = ['technologist', 'radiologist', 'site-admin', 'operator'] as const

/** The worklist, one study in full, labels and quarantine. */
export function studyRoutes(server: FastifyInstance, context: LocalApiContext): void {
  const { records, audit, library } = context

  server.get('/api/studies', async (request): Promise<StudyList> => {
    const caller = requireRole(request, context, EVERYONE)
    const { state, search, limit, before } = parse(studyQuery, request.query)
    const [lastReceivedAt, studyId] = (before ?? '').split('-').map(Number)
    const studies = records.studies.list({
      state: state ?? null,
      search: search ?? null,
      before: lastReceivedAt === undefined || studyId === undefined ? null : { lastReceivedAt, studyId },
      limit,
    })
    const last = studies.length === limit ? studies.at(-1) : undefined
    // A page refreshes itself often; a search for somebody is an act.
    if (search !== undefined) {
      const actor = actorOf(caller)
      audit.recordNow({ event: 'study.listed', actor, subject: null, outcome: 'success', codes: ['search'] })
    }
    return {
      studies: studies.map((study) => summaryOf(records.studies, study)),
      next: last === undefined ? null : `${last.lastReceivedAt}-${last.studyId}`,
      counts: records.studies.countsByState(),
    }
  })

  server.get('/api/studies/:study', async (request): Promise<StudyDetail> => {
    const caller = requireRole(request, context, EVERYONE)
    const study = findStudy(context, request.params)
    audit.recordNow(
      {
        event: 'study.read',
        actor: actorOf(caller),
        subject: { kind: 'study', id: study.studyPseudonym },
        outcome: 'success',
        codes: [caller.role],
      },
      study.studyId,
      identityDetail(records, study),
    )
    const outputs = library.active().flatMap((one) => one.manifest.outputs)
    const findings = [...new Map(outputs.map(({ code, title }) => [code, { code, title }])).values()]
    const detail = detailOf(records.studies, study, findings, records.priors.of(study.studyId))
    const full = withModelUses(records, study, withRadiomics(records, study, withRoutes(records, study, detail)))
    return withCorrections(records, study, full)
  })

  server.post('/api/studies/:study/label', async (request): Promise<LabelDetail> => {
    const caller = requireRole(request, context, ['radiologist', 'operator'])
    const wanted = parse(labelRequest, request.body)
    const study = findStudy(context, request.params)
    return labelView(study.studyPseudonym, recordLabel(context, study, caller.person, wanted))
  })

  server.get('/api/quarantine', async (request): Promise<QuarantineList> => {
    requireRole(request, context, EVERYONE)
    return {
      entries: records.studies.quarantine(500).map((row) => ({
        quarantine: row.quarantineId,
        stage: row.stage,
        reason: row.reason,
        study: row.studyPseudonym,
        sopClassUid: row.sopClassUid,
        transferSyntaxUid: row.transferSyntaxUid,
        bytes: row.bytes,
        callingAeTitle: row.callingAeTitle,
        at: toIsoInstant(row.quarantinedAt),
      })),
    }
  })
}

/** Label, envelope and audit leaf in one transaction. A later label of the same reader and finding replaces the earlier. */
function recordLabel(
  { records, door, audit, clock, facts, library }: LocalApiContext,
  study: StudyRow,
  person: string | null,
  wanted: { readonly finding: string; readonly value: LabelRow['value']; readonly blind: boolean },
): LabelRow {
  const reader = person ?? facts.operatorPerson
  const label: LabelRow = {
    labelId: randomUUID(),
    revision: study.revision,
    finding: wanted.finding,
    value: wanted.value,
    blind: wanted.blind ? 1 : 0,
    personId: reader,
    labelledAt: clock.now(),
  }
  records.transaction(() => {
    const isFirst = !records.studies.labels(study.studyId).some(({ finding }) => finding === wanted.finding)
    records.studies.insertLabel(study.studyId, label)
    // A label says something about the study: where a rule keeps that at the site, it stays.
    if (!isLocalOnly(records, study)) {
      const models = isFirst ? library.active() : []
      for (const { model, manifest } of models) {
        const isOf = manifest.outputs.some(({ code }) => code === wanted.finding)
        if (isOf) countLabel(records.egress, model, wanted.finding, wanted.value)
      }
      door.seal(
        {
          kind: 'study-label',
          label: label.labelId,
          study: study.studyPseudonym as StudyPseudonym,
          patient: study.patientPseudonym as PatientPseudonym,
          revision: study.revision,
          finding: wanted.finding,
          value: wanted.value,
          reader: reader as PersonPseudonym,
          blind: wanted.blind,
        },
        study.studyId,
      )
    }
    audit.record(
      {
        event: 'label.recorded',
        actor: { kind: 'person', id: reader },
        subject: { kind: 'study', id: study.studyPseudonym },
        outcome: 'success',
        codes: [wanted.finding, wanted.value, ...(wanted.blind ? ['blind'] : [])],
      },
      study.studyId,
    )
  })
  return label
}

function findStudy({ records }: LocalApiContext, params: unknown): StudyRow {
  const name = (params as { readonly study?: unknown }).study
  const study = typeof name === 'string' && /^[0-9a-f]{32}$/.test(name) ? records.studies.find(name) : undefined
  if (study === undefined) throw new LocalApiError('not-found')
  return study
}
