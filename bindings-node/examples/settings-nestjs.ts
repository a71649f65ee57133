/**
 * Configuration of NestJS: every secret of the vault whose name begins with `shop-`, with VAULT_URL set.
 *
 * `ConfigService` has the secret `shop-Db--Password` as `Db.Password`, besides the variables of the environment. If a secret
 * cannot be had, Nest does not start, and says which and why.
 */

import { Controller, Get, Injectable, Module } from "@nestjs/common";
import { ConfigModule, ConfigService } from "@nestjs/config";
import { SecretClient } from "nightlatch";

async function secrets(): Promise<Record<string, string>> {
  const client = new SecretClient(process.env["VAULT_URL"]!);
  try {
    return (await client.loadSecrets({ prefix: "shop-", separator: "." })).values;
  } finally {
    client.close();
  }
}

@Injectable()
export class Database {
  readonly #password: string;

  constructor(config: ConfigService) {
    this.#password = config.getOrThrow("Db.Password");
  }

  /** What a driver would be given. */
  get options(): { user: string; password: string } {
    return { user: "shop", password: this.#password };
  }
}

@Controller()
class Index {
  constructor(private readonly database: Database) {}

  @Get()
  index(): { user: string } {
    return { user: this.database.options.user };
  }
}

@Module({
  imports: [ConfigModule.forRoot({ load: [secrets] })],
  providers: [Database],
  controllers: [Index],
})
export class Shop {}
