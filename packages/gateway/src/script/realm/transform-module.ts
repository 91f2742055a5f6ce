import type { ScriptHost } from "../script-host.ts";
import type { RealmKit, scriptErrorCodes } from "./kit.ts";
import type { DomNode } from "./xml-kit.ts";

/** The library xpath, of the realm. */
export interface XpathLibrary {
  selectWithResolver(
    expression: string,
    node: DomNode,
    resolver: { lookupNamespaceURI(prefix: string): string | undefined },
  ): DomNode[] | string | number | boolean;
}

/** Runs inside a realm (its text is evaluated there): makes the module transform for one run. */
export function installTransform(
  kit: RealmKit,
  xpath: XpathLibrary,
  codes: typeof scriptErrorCodes,
): (host: ScriptHost) => object {
  interface XpathOptions {
    readonly expression?: unknown;
    readonly xmldom?: unknown;
    readonly namespace?: Readonly<Record<string, unknown>>;
  }
  interface XsltOptions {
    readonly location?: unknown;
    readonly xmldom?: unknown;
  }
  const evaluate = ({ expression, xmldom, namespace }: XpathOptions): unknown => {
    const xml = kit.xml();
    const nodes = xml.nodesOf(xmldom);
    if (nodes === undefined) throw new TypeError("transform.xpath needs a node or a list of nodes");
    const resolver = {
      lookupNamespaceURI(prefix: string): string | undefined {
        if (prefix === "xml") return "http://www.w3.org/XML/1998/namespace";
        const uri = Object.hasOwn(namespace ?? {}, prefix) ? namespace![prefix] : undefined;
        return uri === undefined ? undefined : String(uri);
      },
    };
    // what readAsXML gives are the children of a document: the document is meant
    const contexts =
      nodes[0]?.parentNode?.nodeType === 9 && nodes.length > 0 && xml.typeOf(xmldom) === "nodelist"
        ? [nodes[0].parentNode]
        : nodes;
    const found = new Set<DomNode>();
    for (const context of contexts) {
      const result = xpath.selectWithResolver(String(expression), context, resolver);
      if (typeof result !== "object") return result;
      for (const node of result) found.add(node);
    }
    return xml.list([...found]);
  };
  const sheets: Readonly<Record<string, (nodes: readonly DomNode[]) => DomNode[]>> = {
    "store:///identity.xsl": (nodes) => nodes.map((node) => node.cloneNode(true)),
  };
  return (host) => {
    const xpathOf = (options: XpathOptions, callback: unknown): void => {
      const done = kit.callback(callback);
      host.later(() => {
        let result: unknown;
        try {
          result = evaluate(options);
        } catch (error) {
          const text = error instanceof Error ? error.message : String(error);
          done(kit.failure(codes.invalidXpath, text, "Check the expression and its prefixes."));
          return;
        }
        done(undefined, result);
      })();
    };
    return Object.freeze({
      xpath(first: unknown, second: unknown, third?: unknown): void {
        if (typeof first === "object" && first !== null) xpathOf(first, second);
        else xpathOf({ expression: first, xmldom: second }, third);
      },
      xslt(options: XsltOptions, callback: unknown): void {
        const done = kit.callback(callback) as (
          error: unknown,
          nodes?: unknown,
          isAbort?: boolean,
        ) => void;
        const xml = kit.xml();
        const location = String(options?.location);
        const sheet = Object.hasOwn(sheets, location) ? sheets[location] : undefined;
        const nodes = xml.nodesOf(options?.xmldom);
        host.later(() => {
          if (sheet === undefined) {
            done(kit.failure(codes.notServed, `the stylesheet ${location} is not served`));
          } else if (nodes === undefined) {
            done(kit.failure(codes.invalidXml, "transform.xslt needs a node or a list of nodes"));
          } else done(undefined, xml.list(sheet(nodes)), false);
        })();
      },
    });
  };
}
