namespace MfRae.Lab.Cli.Tests.Live;

/// <summary>What the server does not do, whoever asks.</summary>
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
    [InlineData("Host: user@localhost:PORT\r\n")]
    [InlineData("Host:\r\n")]
    [InlineData("X-Forwarded-Host: localhost:PORT\r\nHost: evil.example\r\n")]
    [InlineData("")]
    public async Task A_request_that_names_another_server_is_refused(string host)
    {
        foreach (var request in new[] { "GET / ", "GET /smoke.html ", "GET /events ", "POST /stop/smoke " })
        {
            var answer = await Visit.Raw(Port, $"{request}HTTP/1.1\r\n{host.Replace("PORT", $"{Port}")}\r\n");

            answer.Status.Should().Be(421);
            answer.Body.Should().NotContain("smoke");
        }
    }

    [Theory]
    [InlineData("127.0.0.1", false)]
    [InlineData("localhost", false)]
    [InlineData("[::1]", true)]
    public async Task Its_own_names_are_answered(string name, bool ipv6)
    {
        if (ipv6 && !System.Net.Sockets.Socket.OSSupportsIPv6)
            return;

        (await Visit.Raw(Port, $"GET / HTTP/1.1\r\nHost: {name}:{Port}\r\n\r\n", ipv6)).Status.Should().Be(200);
    }

    // A file beside the database, one beside the reports, and one of the system, by every way in which a path was ever smuggled.
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
    public async Task Nothing_but_the_name_of_an_experiment_is_an_address(string target)
    {
        const string secret = "what is not to be read";
        foreach (var place in new[] { "secret.html", "reports/secret.html", "data/secret.html" })
            served.Lab.Write(place, secret);
        var before = served.Server.Load.Made;

        var answer = await Visit.Ask(Port, target);

        answer.Status.Should().Be(404);
        answer.Body.Should().Be("there is no such page\n");
        served.Server.Load.Made.Should().Be(before, "nothing was made, so nothing was read");
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
    [InlineData("GET / HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400)]
    [InlineData("GET / HTTP/1.1\r\nHost: HOST\r\nContent-Length: 5\r\n\r\nhello", 413)]
    [InlineData("GET / HTTP/1.1\r\nHost: HOST\r\nContent-Length: -1\r\n\r\n", 400)]
    [InlineData("\r\n\r\n", 400)]
    public async Task What_is_not_plainly_a_request_is_refused(string text, int status)
    {
        var answer = await Visit.Raw(Port, text.Replace("HOST", $"127.0.0.1:{Port}"));

        answer.Status.Should().Be(status);
        answer.Body.Should().NotContain("smoke");
    }

    [Fact]
    public async Task A_head_without_end_is_refused() =>
        (await Visit.Raw(Port, "GET / HTTP/1.1\r\nX: " + new string('x', 40_000))).Status.Should().Be(431);

    [Theory]
    [InlineData("Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: image\r\n", 403)]
    [InlineData("Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe\r\n", 403)]
    [InlineData("Sec-Fetch-Site: same-site\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\n", 403)]
    [InlineData("Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n", 200)]
    [InlineData("Sec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n", 200)]
    [InlineData("Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\n", 200)]
    public async Task A_page_of_another_server_may_link_here_and_no_more(string headers, int status) =>
        (await Visit.Ask(Port, "/smoke.html", headers: headers)).Status.Should().Be(status);
}
