import { mkdirSync, realpathSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { type AgentConfig, agentStateFolder, resolveConfig } from './config.ts'

/** Where the agent's own code and the packages it imports lie, seen from this file. */
export const AGENT_CODE_FOLDERS: readonly string[] = [
  resolve(import.meta.dirname, '..'),
  resolve(import.meta.dirname, '..', '..', 'node_modules'),
]

/**
 * Arguments that put the agent's process under Node's permission model, to stand before the entry file: it reads its code,
 * its settings, its own folder and the exchange; it writes the exchange and its state; it starts no process and no
 * worker, and loads no native code. Folders that are missing are made, because Node grants a folder only if it exists.
 * @param settings as they stand in the file.
 * @param configFile the settings file that the agent will be given.
 */
export function permissionArguments(
  settings: AgentConfig,
  configFile: string,
  codeFolders: readonly string[] = AGENT_CODE_FOLDERS,
): string[] {
  const config = resolveConfig(settings, dirname(resolve(configFile)))
  const state = agentStateFolder(config)
  for (const folder of [config.exchangeFolder, state]) mkdirSync(folder, { recursive: true })
  const outside = [config.hub.caFile, config.certificateFile, config.keyFile, configFile]
  const { updates, hubLog } = config
  if (hubLog !== null) outside.push(hubLog.keyFile, hubLog.witnessKeyFile)
  if (updates !== null) outside.push(updates.initialRootFile, updates.policyFile)
  // Node decides whether a file is a module by the package.json above it.
  const manifests = codeFolders.map((folder) => join(folder, '..', 'package.json'))
  const readable = [...codeFolders, ...manifests, config.exchangeFolder, config.agentFolder, ...outside]
  const arguments_ = [
    '--permission',
    ...unique(readable).map((path) => `--allow-fs-read=${path}`),
    ...unique([config.exchangeFolder, state]).map((path) => `--allow-fs-write=${path}`),
  ]
  // Node 25 and later close the network too unless it is granted.
  if (process.allowedNodeEnvironmentFlags.has('--allow-net')) arguments_.push('--allow-net')
  return arguments_
}

/** Real paths, each once: Node compares paths after links are resolved. Files that are missing stay as they are. */
function unique(paths: readonly string[]): string[] {
  return [...new Set(paths.map(realPath))]
}

function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return resolve(path)
  }
}
