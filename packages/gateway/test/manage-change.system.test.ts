import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { freePort } from "./support/free-port.ts";
import { endProgram, startProgram, waitForPort } from "./support/gateway-program.ts";
import { managedTree } from "./support/managed-tree.ts";
import { manage } from "./support/management-client.ts";
import { exchange } from "./support/raw-client.ts";
import { SteadyLoad } from "./support/steady-load.ts";

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
  return text.split(" ").filter(Boolean).map(Number);
}

const handler = "/mgmt/config/echo/HTTPSourceProtocolHandler/echo_http_8080";

test.each(["1", "2"])(
  "changes in memory, with %s processes: in force without a lost request, shown as drift",
  async (processes) => {
    using tree = await managedTree();
    const start = async (): ReturnType<typeof startProgram> => {
      const child = await startProgram(tree.root, tree.port, {
        DATAPOWER_WORKER_THREADS: processes,
        GATEWAY_HEALTH_PORT: String(tree.health),
        GATEWAY_CHANGES: "memory",
      });
      await waitForPort(tree.rest);
      return child;
    };
    const before = readFileSync(join(tree.root, "config/echo/echo.cfg"), "utf8");
    let child = await start();
    const ask = (path: string, method?: string, body?: unknown): ReturnType<typeof manage> =>
      manage(tree.rest, path, method === undefined ? {} : { method, body });
    const length = async (): Promise<number> => {
      const answer = await fetch(`http://127.0.0.1:${tree.port}/${"x".repeat(300)}`);
      await answer.text();
      return answer.status;
    };
    try {
      const load = new SteadyLoad(tree.port, 8);
      expect(await length()).toBe(200);
      const class_ = "HTTPSourceProtocolHandler";
      for (const limit of [200, 16_384, 200]) {
        const { status, document } = await ask(handler, "PUT", { [class_]: { MaxURLLen: limit } });
        expect(status).toBe(200);
        expect(document.echo_http_8080).toBe("Configuration was updated.");
        expect(await length()).toBe(limit === 200 ? 414 : 200);
      }
      const report = await load.stop();
      expect(report).toMatchObject({ dropped: 0, refused: 0 });
      expect([...report.others]).toEqual([]);
      expect(report.answers).toBeGreaterThan(20);

      const { document } = await ask("/mgmt/drift");
      expect(document).toMatchObject({
        drifted: true,
        differences: [{ domain: "echo", property: "max-url-len", was: 16_384, is: 200 }],
      });
      const metrics = await (await fetch(`http://127.0.0.1:${tree.health}/metrics`)).text();
      expect(metrics).toContain('lithify_gateway_drift{domain="echo"} 1');
      const names = await fetch(`http://127.0.0.1:${tree.health}/drift`);
      expect(await names.json()).toEqual({
        drifted: true,
        differences: [
          {
            domain: "echo",
            change: "changed",
            object: 'source-http "echo_http_8080"',
            property: "max-url-len",
          },
        ],
      });
      const changed = await ask(`${handler}?state=1`);
      expect(changed.document[class_]).toMatchObject({ state: { configstate: "modified" } });

      if (processes === "2") {
        const [first] = childrenOf(child.pid!);
        process.kill(first!, "SIGKILL");
        await expect.poll(() => childrenOf(child.pid!).includes(first!)).toBe(false);
        await expect.poll(() => childrenOf(child.pid!).length, { timeout: 5000 }).toBe(2);
        for (let n = 0; n < 6; n++) expect(await length()).toBe(414);
      }
      expect(readFileSync(join(tree.root, "config/echo/echo.cfg"), "utf8")).toBe(before);
    } finally {
      expect(await endProgram(child)).toBe(0);
    }
    child = await start();
    expect(await length()).toBe(200);
    expect((await ask("/mgmt/drift")).document).toMatchObject({ drifted: false });
    expect(await endProgram(child)).toBe(0);
  },
);

test("objects are made, used and taken away; what is wrong is refused with every reason", async () => {
  using tree = await managedTree();
  const child = await startProgram(tree.root, tree.port, {
    DATAPOWER_WORKER_THREADS: "1",
    GATEWAY_CHANGES: "memory",
  });
  await waitForPort(tree.rest);
  const ask = (path: string, method: string, body?: unknown): ReturnType<typeof manage> =>
    manage(tree.rest, path, { method, body });
  const status = async (): Promise<number> => {
    const answer = await fetch(`http://127.0.0.1:${tree.port}/a`);
    await answer.text();
    return answer.status;
  };
  try {
    const rules = [{ Type: "url", Url: "/only/*" }];
    const made = await ask("/mgmt/config/echo/Matching", "POST", {
      Matching: { name: "only", MatchRules: rules },
    });
    expect(made).toMatchObject({
      status: 201,
      document: {
        only: "Configuration was created.",
        _links: { location: { href: "/mgmt/config/echo/Matching/only" } },
      },
    });
    const policy = "/mgmt/config/echo/StylePolicy/echo";
    const maps = (await ask(policy, "GET")).document.StylePolicy as {
      PolicyMaps: { Rule: unknown };
    };
    const map = { Match: { value: "only" }, Rule: maps.PolicyMaps.Rule };
    const updated = await ask(`${policy}/PolicyMaps`, "PUT", { PolicyMaps: [map] });
    expect(updated.document.PolicyMaps).toBe("Property was updated.");
    expect(await status()).toBe(500);
    await ask(`${policy}/PolicyMaps`, "PUT", { PolicyMaps: [maps.PolicyMaps] });
    expect(await status()).toBe(200);
    const gone = await ask("/mgmt/config/echo/Matching/only", "DELETE");
    expect(gone.document.only).toBe("Configuration was deleted.");
    expect((await ask("/mgmt/config/echo/Matching/only", "GET")).status).toBe(404);
    expect((await ask("/mgmt/drift", "GET")).document).toMatchObject({ drifted: false });

    const port = await freePort();
    const more: readonly [string, string, unknown][] = [
      ["default/Domain", "Domain", { name: "fresh", NeighborDomain: { value: "default" } }],
      ["fresh/XMLManager", "XMLManager", { name: "default" }],
      [
        "fresh/HTTPSourceProtocolHandler",
        "HTTPSourceProtocolHandler",
        { name: "h", LocalPort: port },
      ],
      ["fresh/Matching", "Matching", { name: "all", MatchRules: { Type: "url", Url: "*" } }],
      [
        "fresh/StylePolicyAction",
        "StylePolicyAction",
        {
          name: "skip",
          Type: "setvar",
          Input: "INPUT",
          Variable: "var://service/mpgw/skip-backside",
          Value: "1",
        },
      ],
      [
        "fresh/StylePolicyAction",
        "StylePolicyAction",
        {
          name: "out",
          Type: "results",
          Input: "INPUT",
          OutputType: "default",
        },
      ],
      [
        "fresh/StylePolicyRule",
        "StylePolicyRule",
        {
          name: "r",
          Actions: [{ value: "skip" }, { value: "out" }],
          Direction: "rule",
        },
      ],
      [
        "fresh/StylePolicy",
        "StylePolicy",
        {
          name: "p",
          PolicyMaps: { Match: { value: "all" }, Rule: { value: "r" } },
        },
      ],
      [
        "fresh/MultiProtocolGateway",
        "MultiProtocolGateway",
        {
          name: "made",
          StylePolicy: { value: "p" },
          FrontProtocol: [{ value: "h" }],
          RequestType: "preprocessed",
          ResponseType: "preprocessed",
          Type: "dynamic-backend",
        },
      ],
    ];
    for (const [path, member, form] of more) {
      const { status: got, text } = await ask(`/mgmt/config/${path}`, "POST", { [member]: form });
      expect(got, text).toBe(201);
    }
    const mirror = await fetch(`http://127.0.0.1:${port}/x`, {
      method: "POST",
      body: "made in memory",
    });
    expect(await mirror.text()).toBe("made in memory");
    expect((await ask("/mgmt/config/default/Domain/fresh", "DELETE")).status).toBe(200);
    await expect(exchange(port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")).rejects.toThrow(
      "ECONNREFUSED",
    );

    const wrong = await ask(handler, "PUT", {
      HTTPSourceProtocolHandler: { LocalPort: 99_999, Nonsense: 1, AllowedFeatures: { GOT: "on" } },
    });
    expect(wrong.status).toBe(400);
    expect((wrong.document.error as string[]).length).toBe(3);
    const bodies = [undefined, [], "text", { Matching: [] }, { Other: {} }, { Matching: {} }];
    for (const body of bodies) {
      expect((await ask("/mgmt/config/echo/Matching", "POST", body)).status).toBe(400);
    }
    const twice = { MultiProtocolGateway: { name: "echo" } };
    expect((await ask("/mgmt/config/echo/MultiProtocolGateway", "POST", twice)).status).toBe(409);
    const save = await ask("/mgmt/actionqueue/echo", "POST", { SaveConfig: {} });
    expect(save.status).toBe(403);

    await ask("/mgmt/config/default/User/new", "PUT", {
      User: { Password: "secret", AccessLevel: "privileged" },
    });
    expect((await manage(tree.rest, "/mgmt/", { user: "new:secret" })).status).toBe(200);
    expect((await manage(tree.rest, "/mgmt/", { user: "new:other" })).status).toBe(401);
  } finally {
    expect(await endProgram(child)).toBe(0);
  }
});
