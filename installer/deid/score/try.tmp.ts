import { makeCorpus } from '/work/main/installer/deid/score/corpus/generate.ts'
import { readRealFiles } from '/work/main/installer/deid/score/corpus/real-files.ts'
import { readRows } from '/work/main/installer/deid/score/corpus/row-sweep.ts'
import { ObjectJudge } from '/work/main/installer/deid/score/judge/object-judge.ts'
import { Deidentifier, deriveSiteKeys, EgressVerifier, identifiersOf } from '@leadglass/appliance/deidentify'
const plan = { seed: 1, patients: Number(process.argv[2] ?? 5), studies: 1 as const, rows: readRows('/work/shared/data/ps315'), realFiles: readRealFiles('/work/shared/data/dicom') }
console.log('real', plan.realFiles.length)
const eng = new Deidentifier({ keys: deriveSiteKeys(new Uint8Array(32).fill(3)), profile: { patientIssuer: '' } })
const ver = new EgressVerifier()
const judge = new ObjectJudge()
const t: Record<string, number> = {}
const inc = (k: string, n = 1) => { t[k] = (t[k] ?? 0) + n }
let tg=0, te=0, tv=0, tj=0, last=performance.now()
for await (const o of makeCorpus(plan)) {
  let n=performance.now(); tg+=n-last; 
  const r = eng.deidentify(o.bytes)
  let m=performance.now(); te+=m-n
  inc('objects')
  let out
  if (r.kind === 'quarantined') inc(`q ${o.kind} ${r.reason}`)
  else {
    const v = ver.verifyObject(r.chunks, identifiersOf(o.bytes))
    if (v.kind !== 'clean') inc(`v ${o.kind} ${v.kind} ${v.kind==='hit'? v.rule+v.place : v.code}`)
    else if (r.pixelRisk !== 'none') inc(`p ${o.kind} ${r.pixelRisk}`)
    else inc('left')
    if (r.pixelRisk === 'none' && v.kind==='clean') out = { file: Buffer.concat(r.chunks), beside: r.sopInstanceUid }
  }
  n=performance.now(); tv+=n-m
  try {
  const j = judge.judge(o, out)
  tj+=performance.now()-n
  inc('checks', j.results.length); inc('residual', j.residual.checks); inc('hits', j.residual.hits.length); inc('int', j.intervals.checks); inc('intfail', j.intervals.failed)
  for (const h of j.residual.hits) inc(`HIT ${h.plant} ${o.kind}`)
  if (out) for (const x of j.results) if (!x.passed) inc(`${x.claimed ? 'FAIL' : 'unclaimed'} ${x.check.action} ${x.check.category} ${x.check.path.map(p=>p.toString(16)).join('/')} ${o.kind.split(' ')[0]}`)
  } catch (e) { inc('ERR '+o.kind+String(e)+' '+o.name) }
  last=performance.now()
}
console.log(t, {tg,te,tv,tj})
