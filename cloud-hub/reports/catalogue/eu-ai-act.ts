import type { Control } from '../evaluate.ts'

/** Regulation (EU) 2024/1689, what it asks of high-risk systems, their providers and deployers. */
export const EU_AI_ACT: readonly Control[] = [
  {
    clause: 'AI Act Art. 9',
    asks: 'Risks are managed over the whole life.',
    needs: ['risk-analysis', 'cards-complete'],
  },
  { clause: 'AI Act Art. 10', asks: 'Data for training and test are governed.', needs: ['datasets', 'evaluations'] },
  {
    clause: 'AI Act Art. 11',
    asks: 'Technical documentation is kept up to date.',
    needs: ['technical-documentation', 'cards-complete'],
  },
  {
    clause: 'AI Act Art. 12(1)',
    asks: 'Events are logged by themselves over the lifetime.',
    needs: ['hub-log', 'site-logs', 'site-recording'],
  },
  {
    clause: 'AI Act Art. 12(2)',
    asks: 'The logs let risks, changes and operation be followed.',
    needs: ['scored', 'activations', 'drift-watch'],
  },
  {
    clause: 'AI Act Art. 13',
    asks: 'Users get instructions with limits and performance.',
    needs: ['cards-complete', 'technical-documentation'],
  },
  { clause: 'AI Act Art. 14(4)(d)', asks: 'A person can decide otherwise than the output.', needs: ['labels'] },
  { clause: 'AI Act Art. 14(4)(e)', asks: 'A person can stop the system.', needs: ['stops'] },
  {
    clause: 'AI Act Art. 15(1)',
    asks: 'Accuracy and robustness are declared and held.',
    needs: ['evaluations', 'cards-complete', 'drift-watch'],
  },
  {
    clause: 'AI Act Art. 15(5)',
    asks: 'Nobody unauthorised changes use, output or performance.',
    needs: ['approval-policy', 'signatures', 'device-state'],
  },
  {
    clause: 'AI Act Art. 17',
    asks: 'There is a quality management system.',
    needs: ['quality-management', 'test-results'],
  },
  { clause: 'AI Act Art. 19', asks: 'The provider keeps the logs for six months at least.', needs: ['log-retention'] },
  { clause: 'AI Act Art. 20', asks: 'Corrective action is taken: withdrawn, disabled, recalled.', needs: ['recalls'] },
  {
    clause: 'AI Act Art. 26(2)',
    asks: 'Those who oversee are able and trained.',
    needs: ['staff-training', 'site-sign-ins'],
  },
  { clause: 'AI Act Art. 26(5)', asks: 'The deployer watches the operation.', needs: ['drift-watch', 'device-state'] },
  {
    clause: 'AI Act Art. 26(6)',
    asks: 'The deployer keeps the logs for six months at least.',
    needs: ['site-logs', 'log-retention'],
  },
  {
    clause: 'AI Act Art. 43(4)',
    asks: 'Changes foreseen beforehand are known; others are assessed anew.',
    needs: ['change-plans', 'reviews'],
  },
  {
    clause: 'AI Act Art. 72',
    asks: 'There is a plan for monitoring after release, fed with data.',
    needs: ['monitoring-plan', 'drift-watch', 'rollouts'],
  },
  { clause: 'AI Act Art. 73', asks: 'Serious incidents are reported.', needs: ['incident-procedure', 'breach-words'] },
]
