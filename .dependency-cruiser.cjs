/** The arrows of the house. A rule names the promise that it keeps. */
const IO = '^(node:)?(fs|fs/promises|net|tls|http|https|http2|dgram|child_process|worker_threads|cluster|dns)$'

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      comment: 'Two rooms that need each other are one room, or lack a port.',
      from: {},
      to: { circular: true },
    },
    {
      name: 'nothing-imports-the-phi-zone',
      severity: 'error',
      comment: 'Only the installer composes the appliance. Everything else must work without its code.',
      from: { pathNot: '^(appliance|installer)/' },
      to: { path: '^appliance/' },
    },
    {
      name: 'phi-zone-never-imports-the-cloud',
      severity: 'error',
      from: { path: '^appliance/' },
      to: { path: '^cloud-hub/' },
    },
    {
      name: 'egress-zone-stands-alone',
      severity: 'error',
      comment: 'The sync agent is what a hospital reviews: it may depend on nothing of the other zones.',
      from: { path: '^sync-agent/' },
      to: { path: '^(appliance|cloud-hub|ui|models|installer)/', pathNot: '^installer/testing/' },
    },
    {
      name: 'agent-loads-no-native-code',
      severity: 'error',
      comment: "Native code is not bound by Node's permission model.",
      from: {
        path: '^sync-agent/(main|agent|exchange|transport|updates|contract)',
        pathNot: '\\.test\\.ts$|/testing/',
      },
      to: { path: '(better-sqlite3|onnxruntime-node|sharp|foundation/database)' },
    },
    {
      name: 'desk-imports-no-node',
      severity: 'error',
      comment: 'A renderer has a browser, not a computer.',
      from: { path: '^ui/(console|hub-web|shared|contract)/', pathNot: '\\.(browser\\.)?test\\.tsx?$|/testing/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'desk-imports-no-service',
      severity: 'error',
      from: { path: '^ui/', pathNot: '\\.(browser\\.)?test\\.tsx?$|/testing/' },
      to: { path: '^(appliance|cloud-hub|sync-agent|installer)/', pathNot: '^sync-agent/contract/' },
    },
    {
      name: 'domain-is-pure',
      severity: 'error',
      comment: 'Rules, state machines and verification decide; adapters beside them touch the world.',
      from: { path: '/domain/|^sync-agent/(contract|audit-log/domain)/', pathNot: '\\.test\\.ts$' },
      to: { path: IO },
    },
    {
      name: 'verifier-stands-alone',
      severity: 'error',
      comment: 'The second pair of eyes shares no code with the engine.',
      from: { path: '^appliance/deidentify/verifier/', pathNot: '\\.test\\.ts$' },
      to: {
        path: '^(appliance|sync-agent|models|installer)/',
        pathNot: '^appliance/deidentify/(verifier/|table/[\\w.-]+\\.json$)',
      },
    },
    {
      name: 'engine-stays-out-of-verifier',
      severity: 'error',
      comment: 'Nor does the engine use the verifier.',
      from: {
        path: '^appliance/deidentify/',
        pathNot: '^appliance/deidentify/(verifier/|index\\.ts$)|\\.test\\.ts$',
      },
      to: { path: '^appliance/deidentify/verifier/' },
    },
    {
      name: 'tests-stay-out-of-products',
      severity: 'error',
      from: { path: '^(appliance|sync-agent|cloud-hub|ui|models)/', pathNot: '\\.test\\.tsx?$|/testing/' },
      to: { path: '\\.test\\.tsx?$|/testing/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(node_modules|dist|toolchain)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
}
