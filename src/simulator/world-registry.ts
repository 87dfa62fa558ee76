import { bearerPrefix } from './credits-endpoints.js';
import { FIXTURES } from './simulator-fixtures.js';
import { World } from './world.js';
import { Journal } from './world-journal.js';

/** `sim-<anything>` is a world of its own; `sim-<anything>@<group>` is a key of that world, bound to that group. */
const SIM_KEY = /^(sim-[A-Za-z0-9._:-]{1,80})(?:@(\d{1,18}))?$/;
const ISSUED = /^issued\.([A-Za-z0-9_-]+)\.\d+$/;

/** A world takes about 300 kB. A test run that needs more worlds than this should reset some instead. */
const MAX_WORLDS = 1000;

/** All worlds of one simulator, made on first use. Mutable; worlds share nothing. */
export class WorldRegistry {
  /** Requests with an unknown key. */
  readonly strangers = new Journal();
  readonly #worlds = new Map<string, World>();

  constructor(readonly systemNow: () => number) {
    const keys = { [FIXTURES.apiKey]: FIXTURES.rootGroupId, [FIXTURES.subGroupApiKey]: FIXTURES.subGroupKeyGroupId };
    this.#worlds.set(FIXTURES.apiKey, new World(FIXTURES.apiKey, keys, systemNow));
  }

  /** The world and the group of an api key; null for an unknown key. */
  byApiKey(apiKey: string): { world: World; groupId: string } | null {
    const [, name, boundTo] = SIM_KEY.exec(apiKey) ?? [];
    const world = name === undefined ? this.#ofFixtures() : this.#named(name);
    if (world === null) return null;
    const groupId = boundTo ?? world.state().keys[apiKey];
    if (groupId === undefined || world.state().groups[groupId] === undefined) return null;
    return { world, groupId };
  }

  /** The world of a bearer token: the fixtures' own, `sim-<anything>`, or an issued token that has not expired. */
  byBearerToken(token: string): World | null {
    if (token === FIXTURES.creditsToken) return this.#ofFixtures();
    const encoded = ISSUED.exec(token)?.[1];
    if (encoded === undefined)
      return SIM_KEY.exec(token)?.[2] === undefined && SIM_KEY.test(token) ? this.#named(token) : null;
    const world = this.#worlds.get(Buffer.from(encoded, 'base64url').toString()) ?? null;
    if (world === null || !token.startsWith(bearerPrefix(world))) return null;
    const issued = world.state().bearerTokens.find((bearer) => bearer.token === token);
    return issued !== undefined && issued.expiresAt > world.now() ? world : null;
  }

  /** The world of an OAuth client id: the fixtures' own or `sim-<anything>`. */
  byClientId(clientId: string): World | null {
    if (clientId === FIXTURES.creditsClientId) return this.#ofFixtures();
    return SIM_KEY.test(clientId) && !clientId.includes('@') ? this.#named(clientId) : null;
  }

  /** The world that holds a billing UI token. */
  byUiToken(token: string): World | null {
    for (const world of this.#worlds.values()) {
      if (world.state().uiTokens.some((known) => known.token === token)) return world;
    }
    return null;
  }

  /** Names of the worlds that exist. */
  names(): string[] {
    return [...this.#worlds.keys()];
  }

  #ofFixtures(): World | null {
    return this.#worlds.get(FIXTURES.apiKey) ?? null;
  }

  #named(name: string): World | null {
    const known = this.#worlds.get(name);
    if (known !== undefined) return known;
    if (this.#worlds.size >= MAX_WORLDS) return null;
    const world = new World(name, { [name]: FIXTURES.rootGroupId }, this.systemNow);
    this.#worlds.set(name, world);
    return world;
  }
}
