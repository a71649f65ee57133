import type { EngineFactory } from "../../js/engine.js";

export interface Scenario {
  name: string;
  renewal?: "detached" | "caller";
}

export interface Player {
  scenario: Scenario;
  world: { transcript: [ms: number, what: string, ...unknown[]][] };
}

export declare function readAll(folder: string): [path: string, scenario: Scenario][];
export declare function encrypted(path: string): boolean;
export declare function playable(scenario: Scenario): boolean;
export declare function play(
  scenario: Scenario,
  factory: EngineFactory,
  options?: { renewal?: "detached" | "caller"; seed?: number },
): Promise<Player>;
export declare function differences(player: Player): string[];
