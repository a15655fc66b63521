import { canonicalJson } from '@leadglass/sync-agent/foundation'
import { hoursSince1970 } from '../drift-hour.ts'
import type { PlainBody } from '../effects.ts'
import type { StagedRows } from './staged-rows.ts'

/** Stages the effect of an accepted envelope; the same rows as in SQLite. @param id of the envelope in `envelope_inbox`. */
export function stageEffect(rows: StagedRows, id: number, body: PlainBody): void {
  switch (body.kind) {
    case 'instance-features': {
      const { study, patient, revision, instance, acquisition, model, embedding, quality, generation = null } = body
      const { modality, view, sex, ageDecade, month } = acquisition
      const facts = [modality, view, sex, ageDecade, month, model.name, model.version, model.digest]
      const values = [study, patient, revision, instance, ...facts, embedding, canonicalJson(quality), generation]
      rows.add('instance_features', id, ...values)
      for (const [position, { code, value, thresholdMilli, above }] of body.scores.entries()) {
        rows.add('instance_scores', id, position, code, value, thresholdMilli, above ? 1 : 0)
      }
      break
    }
    case 'not-scored': {
      const { study, patient, revision, instance, reason, generation = null } = body
      rows.add('not_scored', id, study, patient, revision, instance, reason, generation)
      break
    }
    case 'study-revision': {
      const { study, patient, revision, causes, sameInstances, generation = null } = body
      const [whys, same] = [canonicalJson(causes), canonicalJson(sameInstances)]
      rows.add('study_revisions', id, study, patient, revision, whys, same, generation)
      break
    }
    case 'study-label': {
      const { label, study, patient, revision, finding, value, reader, blind, generation = null } = body
      rows.add('study_labels', id, label, study, patient, revision, finding, value, reader, blind ? 1 : 0, generation)
      break
    }
    case 'drift-counts': {
      const { model, feature, month, hour } = body
      const at = hour === undefined ? null : hoursSince1970(month, hour)
      rows.add('drift_counts', id, model.name, model.version, model.digest, feature, month, at)
      for (const [position, { bin, count }] of body.cells.entries()) rows.add('drift_cells', id, position, bin, count)
      break
    }
    case 'deployment-statistics': {
      const { model, champion, role, month } = body
      const than = champion.model
      const versions = [model.name, model.version, model.digest, than.name, than.version, than.digest]
      rows.add('deployment_statistics', id, ...versions, role, month)
      for (const [position, { measure, code, bin, count }] of body.cells.entries()) {
        rows.add('deployment_statistics_cells', id, position, measure, code, bin, count)
      }
      break
    }
    case 'epoch-root': {
      const { epoch, serial, run, closed, envelopes, root, ranges, signature } = body
      const spans = canonicalJson(ranges)
      rows.add('epoch_statement', id, epoch, serial, run, closed ? 1 : 0, envelopes, root, spans, signature)
      break
    }
    case 'reported-state': {
      rows.add('reported_envelope', id, canonicalJson(body))
      break
    }
    case 'device-health':
      rows.add('device_health', id, body.softwareVersion, canonicalJson(body.models), canonicalJson(body.figures))
  }
}
