/**
 * What is done to the record when a study is purged, in this order; every statement is given the study's number as
 * parameter `$study` (and the time, `$at`). What remains: pseudonyms, times, counts, results' figures, what left for the hub, and the audit log.
 * The study's rows keep their numbers, so that nothing that refers to them breaks.
 */
export const ERASE_IDENTITY: readonly string[] = [
  // What still waits for a person is not sent any more, and the way back from the pseudonyms can be read by nobody.
  `UPDATE held_envelope SET body = '' WHERE batch_id IN
    (SELECT batch_id FROM held_batch WHERE study_id = $study AND state = 'waiting')`,
  `UPDATE held_batch SET state = 'refused', decided_at = $at, decided_by = 'retention'
    WHERE study_id = $study AND state = 'waiting'`,
  'UPDATE held_batch SET reason = NULL WHERE study_id = $study',
  `UPDATE vault_salt SET salt = zeroblob(32), erased_at = $at WHERE erased_at IS NULL AND pseudonym =
    (SELECT study_pseudonym FROM study WHERE study_id = $study)`,
  // A patient's entry goes with the last study under that pseudonym.
  `UPDATE vault_salt SET salt = zeroblob(32), erased_at = $at WHERE erased_at IS NULL AND pseudonym IN
    (SELECT patient_pseudonym FROM study WHERE study_id = $study
      UNION SELECT patient_pseudonym FROM study_received WHERE study_id = $study)
    AND NOT EXISTS (SELECT 1 FROM study o JOIN study_received w ON w.study_id = o.study_id
      WHERE o.study_id <> $study AND o.study_instance_uid NOT LIKE 'purged:%'
        AND vault_salt.pseudonym IN (o.patient_pseudonym, w.patient_pseudonym))`,
  // Why the vault was opened may name somebody; that it was, by whom, stays.
  `UPDATE vault_opening SET reason = '' WHERE pseudonym IN
    (SELECT study_pseudonym FROM study WHERE study_id = $study
      UNION SELECT patient_pseudonym FROM study WHERE study_id = $study
      UNION SELECT patient_pseudonym FROM study_received WHERE study_id = $study)
    AND NOT EXISTS (SELECT 1 FROM vault_salt v WHERE v.pseudonym = vault_opening.pseudonym AND v.erased_at IS NULL)`,
  // Storage commitment names instances by their UIDs.
  `DELETE FROM commitment_report_instance WHERE sop_instance_uid IN
    (SELECT sop_instance_uid FROM instance WHERE study_id = $study)`,
  `DELETE FROM procedure_step WHERE step_id IN (SELECT t.step_id FROM procedure_step_study t
    JOIN study s ON s.study_instance_uid = t.study_instance_uid WHERE s.study_id = $study)`,
  `DELETE FROM announced_instance WHERE study_instance_uid =
    (SELECT study_instance_uid FROM study WHERE study_id = $study)`,
  'DELETE FROM prior_instance WHERE prior_id IN (SELECT prior_id FROM prior_study WHERE study_id = $study)',
  'DELETE FROM prior_study WHERE study_id = $study',
  // Leaves keep their commitments; without detail and salt nobody can tell to what.
  'DELETE FROM audit_detail WHERE study_id = $study',
  'DELETE FROM prior_search WHERE study_id = $study',
  'DELETE FROM rejected_reference WHERE instance_id IN (SELECT instance_id FROM instance WHERE study_id = $study)',
  'DELETE FROM rejection_note WHERE study_id = $study',
  // A merge of patients goes with the last study that it speaks of.
  `DELETE FROM patient_merge WHERE EXISTS (SELECT 1 FROM study s JOIN study_received v ON v.study_id = s.study_id
      WHERE s.study_id = $study AND (patient_merge.to_id IN (s.patient_id, v.patient_id)
        OR patient_merge.from_id IN (s.patient_id, v.patient_id)))
    AND NOT EXISTS (SELECT 1 FROM study o JOIN study_received w ON w.study_id = o.study_id
      WHERE o.study_id <> $study AND o.study_instance_uid NOT LIKE 'purged:%'
        AND (o.patient_id IN (patient_merge.from_id, patient_merge.to_id)
          OR w.patient_id IN (patient_merge.from_id, patient_merge.to_id)))`,
  `UPDATE accession_correction SET accession_number = '', reason = '' WHERE study_id = $study`,
  `UPDATE study_correction SET reason = '' WHERE study_id = $study`,
  'DELETE FROM pixel_review WHERE study_id = $study',
  'DELETE FROM shadow_job WHERE revision_id IN (SELECT revision_id FROM revision WHERE study_id = $study)',
  // A print would know the picture again.
  'DELETE FROM pixel_print WHERE study_id = $study',
  'DELETE FROM routing_facts WHERE revision_id IN (SELECT revision_id FROM revision WHERE study_id = $study)',
  `UPDATE delivery_drop SET reason = '' WHERE delivery_id IN (SELECT d.delivery_id FROM delivery d
    JOIN report r ON r.report_id = d.report_id JOIN revision v ON v.revision_id = r.revision_id WHERE v.study_id = $study)`,
  `UPDATE report SET content = zeroblob(0) WHERE revision_id IN (SELECT revision_id FROM revision WHERE study_id = $study)`,
  // A heat map and an embedding are pictures of the picture.
  `DELETE FROM explanation WHERE result_id IN (SELECT r.result_id FROM result r
    JOIN revision v ON v.revision_id = r.revision_id WHERE v.study_id = $study)`,
  'UPDATE result SET embedding = NULL WHERE revision_id IN (SELECT revision_id FROM revision WHERE study_id = $study)',
  `UPDATE instance SET sop_instance_uid = 'purged:' || instance_id, digest = 'purged:' || instance_id,
    series_instance_uid = NULL, remote_address = '', purged_at = $at WHERE study_id = $study AND purged_at IS NULL`,
  `UPDATE study_received SET patient_issuer = '', patient_id = '', patient_name = '', patient_birth_date = '',
    patient_sex = '', accession_number = '' WHERE study_id = $study`,
  `UPDATE study SET study_instance_uid = 'purged:' || study_id, patient_issuer = '', patient_id = '', patient_name = '',
    patient_birth_date = '', patient_sex = '', accession_number = '', study_date = '', study_time = '',
    study_description = '' WHERE study_id = $study`,
]
