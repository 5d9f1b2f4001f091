using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using MfRae.Lab.Cli.Tests.Fakes;
using MfRae.Lab.Execution.Store;

namespace MfRae.Lab.Cli.Tests.Verbs;

/// <summary>A file that is not a capsule, or a capsule with a false index, changes nothing.</summary>
public sealed class HostileCapsuleTests : IDisposable
{
    private const string Smoke = "experiments/smoke.json";
    private readonly LabFolder _from = new();
    private readonly LabFolder _to = new();

    private string Capsule => _from.At("out/smoke.capsule");

    public void Dispose()
    {
        _from.Dispose();
        _to.Dispose();
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("..\\x")]
    [InlineData("/etc/passwd")]
    [InlineData("C:\\x")]
    [InlineData("KEY/../x")]
    [InlineData("KEY/..")]
    [InlineData("KEY/a/b")]
    [InlineData("KEY/a\\b")]
    [InlineData("KEY\\a")]
    [InlineData("KEY/a:b")]
    [InlineData("KEY/")]
    [InlineData("KEY./a")]
    [InlineData("KEY.00001/a")]
    [InlineData("plans/../x")]
    [InlineData("plans/other.json")]
    [InlineData("<img src=x onerror=alert(1)>")]
    [InlineData("KEY/a\u202eb")]
    [InlineData("KEY/MANIFEST.JSON")]
    [InlineData("PLANS/PLAN.JSON")]
    public void An_unexpected_entry_is_refused(string name) => Refused(
        zip => Put(zip, name.Replace("KEY", Key(), StringComparison.Ordinal), "x"));

    [Fact]
    public void A_duplicate_name_is_refused() => Refused(zip => Put(zip, "plans/plan.json", "{}"), "twice");

    [Fact]
    public void A_link_is_refused() => Refused(
        zip => zip.GetEntry("plans/marks.json")!.ExternalAttributes = unchecked((int)0xA1FF0000), "not a plain file");

    [Fact]
    public void An_entry_that_is_not_in_the_index_is_refused() => Refused(zip => Put(zip, $"{Key()}/extra.txt", "x"), "does not list");

    [Fact]
    public void A_changed_entry_is_refused() => Refused(zip =>
    {
        var text = Text(zip, $"{Key()}/output.txt");
        Put(zip, $"{Key()}/output.txt", new string('x', text.Length), replace: true);
    }, "has changed");

    [Fact]
    public void A_changed_stage_with_a_matching_index_is_refused_by_its_manifest() => Refused(zip =>
    {
        var name = $"{Key()}/output.txt";
        var text = new string('x', Text(zip, name).Length);
        Put(zip, name, text, replace: true);
        Index(zip, index => Entry(index, name)["sha256"] = Sha256(text));
    }, "SHA-256 differs from the manifest");

    [Fact]
    public void A_missing_stage_file_is_refused() => Refused(zip =>
    {
        var name = $"{Key()}/output.txt";
        zip.GetEntry(name)!.Delete();
        Index(zip, index => index["entries"]!.AsArray().Remove(Entry(index, name)));
    }, "is missing");

    [Fact]
    public void A_later_format_is_refused() => Refused(zip => Index(zip, index => index["format"] = 2), "update the program");

    [Theory]
    [InlineData("../x")]
    [InlineData("a/b")]
    [InlineData("a\\b")]
    [InlineData("..")]
    [InlineData("a\u0007b")]
    [InlineData("a\u202eb")]
    [InlineData("<img src=x onerror=alert(1)>")]
    public void A_plan_with_an_invalid_name_is_refused(string name) => Refused(zip => Plan(zip, plan => plan["name"] = name, name),
        "its plan has the experiment name");

    [Fact]
    public void A_plan_with_oversized_experiment_files_is_refused()
    {
        Refused(zip => Plan(zip, plan => plan["files"]![0]!["text"] = new string('x', (1 << 20) + 1)), "too long");
        Refused(zip => Plan(zip, plan => plan["files"] = new JsonArray(
            [.. Enumerable.Range(0, 1_000).Select(_ => plan["files"]![0]!.DeepClone())])), "too many");
    }

    [Fact]
    public void A_capsule_above_the_size_limit_is_refused_before_it_is_unpacked()
    {
        _from.Run(Smoke).Code.Should().Be(ExitCode.Ok);
        Export();

        var answer = _to.Run("import", Capsule, "--max-bytes", "1000");

        answer.Code.Should().Be(ExitCode.Environment);
        answer.Error.Should().Contain("--max-bytes");
        _to.Exists("data/store").Should().BeFalse();
        _to.Run("import", Capsule, "--max-bytes", "-1").Code.Should().Be(ExitCode.Usage);
    }

    [Fact]
    public void A_zip_bomb_stops_at_its_declared_size()
    {
        _from.Run(Smoke).Code.Should().Be(ExitCode.Ok);
        Export();
        var name = $"{Key()}/output.txt";
        using (var zip = ZipFile.Open(Capsule, ZipArchiveMode.Update))
        {
            Put(zip, name, new string('0', 50_000_000), replace: true);
            Index(zip, index => Entry(index, name)["size"] = 10);
        }

        // The sizes in the directory and before the data are made small; the data are not.
        var bytes = File.ReadAllBytes(Capsule);
        var (real, told) = (BitConverter.GetBytes(50_000_000), BitConverter.GetBytes(10));
        for (int at; (at = bytes.AsSpan().IndexOf(real)) >= 0;)
            told.CopyTo(bytes, at);
        File.WriteAllBytes(Capsule, bytes);

        var answer = _to.Run("import", Capsule);

        answer.Code.Should().Be(ExitCode.Environment);
        answer.Error.Should().Contain("is refused");
        _to.Exists("data/lab.db").Should().BeFalse();
    }

    [Theory]
    [InlineData("")]
    [InlineData("PK")]
    [InlineData("no zip at all, but some text that goes on for a while")]
    public void A_file_that_is_not_a_zip_archive_is_refused(string text)
    {
        _to.Write("x.capsule", text);

        var answer = _to.Run("import", "x.capsule");

        answer.Code.Should().Be(ExitCode.Environment);
        answer.Error.Should().Contain("x.capsule is not a readable capsule");
    }

    private void Refused(Action<ZipArchive> change, string? message = null)
    {
        _from.Run(Smoke).Code.Should().Be(ExitCode.Ok);
        Export();
        using (var zip = ZipFile.Open(Capsule, ZipArchiveMode.Update))
            change(zip);

        var answer = _to.Run("import", Capsule);

        answer.Code.Should().Be(ExitCode.Environment);
        answer.Error.TrimEnd().Should().Contain("is refused").And.Contain(message ?? "entry").And.NotContainAny("\n", "\u202e", "\u0007");
        _to.Exists("data/lab.db").Should().BeFalse();
        new ArtifactStore(_to.At("data/store")).CompleteKeys().Should().BeEmpty();
        _to.Exists("data/store/.plans").Should().BeFalse();
    }

    private void Export() => _from.Run("export", "smoke", "--to", "out/smoke.capsule", "--force").Code.Should().Be(ExitCode.Ok);

    private static void Plan(ZipArchive zip, Action<JsonNode> change, string? name = null)
    {
        var plan = JsonNode.Parse(Text(zip, "plans/plan.json"))!;
        change(plan);
        var text = plan.ToJsonString();
        Put(zip, "plans/plan.json", text, replace: true);
        Index(zip, index =>
        {
            index["experiment"] = name ?? index["experiment"]!.GetValue<string>();
            (Entry(index, "plans/plan.json")["size"], Entry(index, "plans/plan.json")["sha256"]) = (Encoding.UTF8.GetByteCount(text), Sha256(text));
        });
    }

    private string Key() => new ArtifactStore(_from.At("data/store")).CompleteKeys()[0];

    private static void Put(ZipArchive zip, string name, string text, bool replace = false)
    {
        if (replace)
            zip.GetEntry(name)!.Delete();
        using var writer = new StreamWriter(zip.CreateEntry(name).Open());
        writer.Write(text);
    }

    private static string Text(ZipArchive zip, string name)
    {
        using var reader = new StreamReader(zip.GetEntry(name)!.Open());
        return reader.ReadToEnd();
    }

    private static void Index(ZipArchive zip, Action<JsonNode> change)
    {
        var index = JsonNode.Parse(Text(zip, "capsule.json"))!;
        change(index);
        Put(zip, "capsule.json", index.ToJsonString(), replace: true);
    }

    private static JsonNode Entry(JsonNode index, string name) =>
        index["entries"]!.AsArray().Single(entry => (string)entry!["name"]! == name)!;

    private static string Sha256(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
