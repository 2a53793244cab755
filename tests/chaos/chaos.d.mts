import type { PipelineRunner } from '../../web/src/index.js';

/** What kills need of where they happen. */
export interface ChaosHost {
  create(): Promise<PipelineRunner>;
  /** Workers as they were started; those that were terminated are taken out. */
  workers: { terminate(): unknown }[];
  /** URL of dying-node.mjs. */
  dyingNode: string;
}

export interface ChaosPlan {
  seed: number;
  kills: number;
  /** Whether the pipelines have a Python node. */
  python: boolean;
  /** Told of every kill before it happens. */
  progress?: (text: string) => void;
}

/** Kills runs; resolves what was wrong, and how many runs ended how. */
export function chaos(
  host: ChaosHost,
  plan: ChaosPlan,
): Promise<{ wrong: string[]; endings: Record<string, number> }>;
