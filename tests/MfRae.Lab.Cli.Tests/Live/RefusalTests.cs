namespace MfRae.Lab.Cli.Tests.Live;

/// <summary>Requests that the server refuses.</summary>
public sealed class RefusalTests(ServedLab served) : IClassFixture<ServedLab>
{
    private int Port => served.Port;

    [Theory]
    [InlineData("Host: evil.example\r\n")]
    [InlineData("Host: evil.example:PORT\r\n")]
    [InlineData("Host: 127.0.0.1\r\n")]
    [InlineData("Host: localhost\r\n")]
    [InlineData("Host: localhost:1\r\n")]
    [InlineData("Host: localhost.:PORT\r\n")]
    [InlineData("Host: 127.0.0.1.evil.example:PORT\r\n")]
    [InlineData("Host: 127.0.0.2:PORT\r\n")]
    [InlineData("Host: 0.0.0.0:PORT\r\n")]
    [InlineData("Host: 2130706433:PORT\r\n")]
    [InlineData("Host: user@localhost:PORT\r\n", 400)]
    [InlineData("Host:\r\n")]
    [InlineData("X-Forwarded-Host: localhost:PORT\r\nHost: evil.example\r\n")]
    [InlineData("", 400)]
    public async Task A_request_with_a_foreign_host_is_refused(string host, int status = 421)
    {
        foreach (var request in new[] { "GET / ", "GET /smoke.html ", "GET /events ", "POST /stop/smoke " })
        {
            var answer = await Visit.Raw(Port, $"{request}HTTP/1.1\r\n{host.Replace("PORT", $"{Port}")}\r\n");

            answer.Status.Should().Be(status);
            answer.Body.Should().NotContain("smoke");
        }
    }

    [Theory]
    [InlineData("127.0.0.1", false)]
    [InlineData("localhost", false)]
    [InlineData("[::1]", true)]
    public async Task A_request_with_a_name_of_the_server_is_answered(string name, bool ipv6)
    {
        if (ipv6 && !System.Net.Sockets.Socket.OSSupportsIPv6)
            return;

        (await Visit.Raw(Port, $"GET / HTTP/1.1\r\nHost: {name}:{Port}\r\n\r\n", ipv6)).Status.Should().Be(200);
    }

    // Attempts to read a file of the lab, of the reports, of the database folder, or of the system.
    [Theory]
    [InlineData("/../secret.html")]
    [InlineData("/..%2fsecret.html")]
    [InlineData("/..%2Fdata%2Flab.db")]
    [InlineData("/%2e%2e/secret.html")]
    [InlineData("/%2e%2e%2fsecret.html")]
    [InlineData("/%252e%252e%252fsecret.html")]
    [InlineData("/%25252e%25252e/secret.html")]
    [InlineData("/..%5csecret.html")]
    [InlineData("/..\\secret.html")]
    [InlineData("/%c0%ae%c0%ae%c0%afsecret.html")]
    [InlineData("/\u00c0\u00ae\u00c0\u00ae/secret.html")]
    [InlineData("/%e0%80%ae%e0%80%ae/secret.html")]
    [InlineData("/%u002e%u002e/secret.html")]
    [InlineData("/;/../secret.html")]
    [InlineData("/..;/secret.html")]
    [InlineData("//etc/passwd")]
    [InlineData("//etc/passwd.html")]
    [InlineData("/etc/passwd%00.html")]
    [InlineData("/smoke%00.html")]
    [InlineData("/smoke.html%00")]
    [InlineData("/smoke\0.html")]
    [InlineData("/./smoke.html")]
    [InlineData("/x/../smoke.html")]
    [InlineData("/%73moke.html/../../secret.html")]
    [InlineData("/C:%5csecret.html")]
    [InlineData("/file:%2f%2f%2fsecret.html")]
    [InlineData("/secret.html")]
    [InlineData("/lab.db")]
    [InlineData("/data/lab.db")]
    [InlineData("/smoke.HTML")]
    [InlineData("/SMOKE.html")]
    [InlineData("/smoke.html?")]
    [InlineData("/smoke.html#")]
    [InlineData("/%smoke.html")]
    [InlineData("/smoke%2.html")]
    [InlineData("/.html")]
    [InlineData("/events/")]
    [InlineData("/events/..%2fsmoke")]
    [InlineData("/stop/none")]
    [InlineData("smoke.html")]
    [InlineData("*")]
    [InlineData("http://127.0.0.1/smoke.html")]
    [InlineData("http://localhost/../secret.html")]
    [InlineData("file:///etc/passwd")]
    public async Task A_path_in_an_address_is_never_a_file_path(string target)
    {
        const string secret = "content of a private file";
        foreach (var place in new[] { "secret.html", "reports/secret.html", "data/secret.html" })
            served.Lab.Write(place, secret);
        var before = served.Server.Load.Made;

        var answer = await Visit.Ask(Port, target);

        // Kestrel itself refuses a malformed target with status 400, and one without a slash with status 405.
        (answer.Status, answer.Body).Should().BeOneOf((404, "page not found\n"), (400, ""), (405, ""));
        served.Server.Load.Made.Should().Be(before, "no page was made");
    }

    [Fact]
    public async Task A_name_is_decoded_once() =>
        (await Visit.Ask(Port, "/%73mok%65.html")).Status.Should().Be(200);

    [Theory]
    [InlineData("PUT", "/", 405)]
    [InlineData("DELETE", "/smoke.html", 405)]
    [InlineData("OPTIONS", "/stop/smoke", 405)]
    [InlineData("TRACE", "/", 405)]
    [InlineData("get", "/", 405)]
    [InlineData("POST", "/", 405)]
    [InlineData("POST", "/smoke.html", 405)]
    [InlineData("GET", "/stop/smoke", 405)]
    [InlineData("HEAD", "/events", 405)]
    public async Task Other_methods_are_refused(string method, string target, int status) =>
        (await Visit.Ask(Port, target, method)).Status.Should().Be(status);

    [Theory]
    [InlineData("GET / HTTP/1.0\r\nHost: HOST\r\n\r\n", 505)]
    [InlineData("GET / HTTP/2.0\r\nHost: HOST\r\n\r\n", 505)]
    [InlineData("GET /\r\nHost: HOST\r\n\r\n", 400)]
    [InlineData("GET  / HTTP/1.1\r\nHost: HOST\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: HOST\r\nHost: HOST\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost : HOST\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: HOST\r\n X: folded\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: HOST\nX: bare\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: HOST\r\nX: a\0b\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: HOST\r\nNo colon\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 413)]
    [InlineData("GET / HTTP/1.1\r\nHost: HOST\r\nContent-Length: 5\r\n\r\nhello", 413)]
    [InlineData("GET / HTTP/1.1\r\nHost: HOST\r\nContent-Length: -1\r\n\r\n", 400)]
    public async Task A_malformed_request_is_refused(string text, int status)
    {
        var answer = await Visit.Raw(Port, text.Replace("HOST", $"127.0.0.1:{Port}"));

        answer.Status.Should().Be(status);
        answer.Body.Should().NotContain("smoke");
    }

    [Fact]
    public async Task Headers_above_the_size_limit_are_refused() =>
        (await Visit.Raw(Port, "GET / HTTP/1.1\r\nX: " + new string('x', 40_000))).Status.Should().Be(431);

    [Theory]
    [InlineData("Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: image\r\n", 403)]
    [InlineData("Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe\r\n", 403)]
    [InlineData("Sec-Fetch-Site: same-site\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\n", 403)]
    [InlineData("Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n", 200)]
    [InlineData("Sec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n", 200)]
    [InlineData("Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\n", 200)]
    public async Task Another_site_may_link_to_a_page_but_not_embed_or_fetch_it(string headers, int status) =>
        (await Visit.Ask(Port, "/smoke.html", headers: headers)).Status.Should().Be(status);
}
