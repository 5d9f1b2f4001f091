using System.Text.Json;
using System.Text.Json.Nodes;
using MfRae.Lab.Cli.Tests.Fakes;
using Microsoft.Data.Sqlite;

namespace MfRae.Lab.Cli.Tests.Verbs;

public sealed class VerifyVerbTests : IDisposable
{
    private readonly LabFolder _lab = new();

    public VerifyVerbTests()
    {
        var answer = _lab.Run("experiments/smoke.json");
        if (answer.Code != ExitCode.Ok)
            throw new InvalidOperationException(answer.Error);
    }

    public void Dispose() => _lab.Dispose();

    [Theory]
    [InlineData("smoke")]
    [InlineData("experiments/smoke.json")]
    [InlineData("reports/smoke.html")]
    public void Unchanged_results_match_the_records(string subject)
    {
        var answer = _lab.Run("verify", subject);

        answer.Code.Should().Be(ExitCode.Ok, answer.Out + answer.Error);
        answer.Out.Should().MatchRegex("meanflow mfd +[3-9] ").And.NotContain("mismatch");
    }

    [Fact]
    public void A_run_is_verified_without_the_stages_of_others()
    {
        var run = _lab.Run("query", "select run from runs where arm = 'mfd'", "--csv").Out.Split('\n')[1].Trim();
        Flip("meanflow mft");

        _lab.Run("verify", run[..10]).Code.Should().Be(ExitCode.Ok);
        _lab.Run("verify", "smoke").Code.Should().Be(ExitCode.Incomparable);
    }

    [Fact]
    public void A_flipped_bit_is_found_and_named()
    {
        Flip("sampling mfd");

        var answer = _lab.Run("verify", "smoke");

        answer.Code.Should().Be(ExitCode.Incomparable);
        answer.Out.Should().Contain("mismatch: sampling mfd: output.txt has changed");
        var json = JsonDocument.Parse(_lab.Run("verify", "smoke", "--json").Out).RootElement;
        json.GetProperty("mismatch").GetBoolean().Should().BeTrue();
        json.GetProperty("stages").EnumerateArray().Count(stage => stage.GetProperty("problems").GetArrayLength() > 0).Should().Be(1);
    }

    [Fact]
    public void Missing_files_are_a_mismatch()
    {
        Directory.Delete(Folder("evaluation mft"), recursive: true);

        var answer = _lab.Run("verify", "smoke");

        answer.Code.Should().Be(ExitCode.Incomparable);
        answer.Out.Should().Contain("evaluation mft: the database says that it is completed, but its files are not in the store");
    }

    [Theory]
    [InlineData("UPDATE measurement SET value = value * 0.99 WHERE metric = 'fid' AND steps = 1", "no journal of the stage has")]
    [InlineData("UPDATE stage SET seed = 7 WHERE kind = 'meanflow'", "kind, seed or inputs in the database differ")]
    [InlineData("UPDATE stage SET definition = replace(definition, '\"lambda\":1', '\"lambda\":0.9') WHERE kind = 'meanflow'",
        "the definition in the database differs")]
    public void A_manually_changed_database_is_detected(string sql, string problem)
    {
        Change(sql);

        var answer = _lab.Run("verify", "smoke");

        answer.Code.Should().Be(ExitCode.Incomparable);
        answer.Out.Should().Contain(problem);
    }

    [Fact]
    public void A_page_that_was_changed_is_a_mismatch()
    {
        File.AppendAllText(_lab.At("reports/smoke.html"), " ");

        var answer = _lab.Run("verify", "reports/smoke.html");

        answer.Code.Should().Be(ExitCode.Incomparable);
        answer.Out.Should().Contain("mismatch: the page differs from the database");
        _lab.Run("verify", "reports/none.html").Code.Should().Be(ExitCode.Environment);
    }

    [Fact]
    public void Another_environment_is_named_and_fails_only_with_strict()
    {
        Rewrite("meanflow mfd", provenance =>
        {
            provenance["runtime"] = ".NET 9.9.9";
            provenance["packages"] = new JsonObject { ["libtorch-cpu-linux-x64"] = "1.13.0" };
        });

        var answer = _lab.Run("verify", "smoke");

        answer.Code.Should().Be(ExitCode.Ok, answer.Out);
        answer.Out.Should().Contain("differs: runtime: .NET 9.9.9 in 1 stages").And.Contain("differs: package libtorch-cpu-linux-x64: 1.13.0");
        _lab.Run("verify", "smoke", "--strict").Code.Should().Be(ExitCode.Incomparable);
    }

    [Fact]
    public void A_manifest_without_packages_is_read()
    {
        Rewrite("meanflow mfd", provenance => provenance.Remove("packages"));

        _lab.Run("verify", "smoke").Code.Should().Be(ExitCode.Ok);
    }

    [Fact]
    public void An_unknown_name_gets_a_suggestion()
    {
        var answer = _lab.Run("verify", "smokey");

        answer.Code.Should().Be(ExitCode.Environment);
        answer.Error.Should().Contain("did you mean `smoke`?");
        _lab.Run("verify", "\u001b[2J").Error.Should().NotContain("\u001b");
        _lab.Run("verify", new string('a', 100_000)).Error.Length.Should().BeLessThan(1000);
    }

    private string Folder(string label)
    {
        var key = _lab.Run("query", $"select stage from stages where label = '{label}'", "--csv").Out.Split('\n')[1].Trim();
        return _lab.At(Path.Combine("data", "store", key));
    }

    private void Flip(string label)
    {
        var path = Path.Combine(Folder(label), "output.txt");
        var bytes = File.ReadAllBytes(path);
        bytes[^1] ^= 1;
        File.WriteAllBytes(path, bytes);
    }

    /// <summary>As a manifest of the first format, which does not begin with its own hash.</summary>
    private void Rewrite(string label, Action<JsonObject> change)
    {
        var path = Path.Combine(Folder(label), "manifest.json");
        var manifest = JsonNode.Parse(File.ReadAllText(path))!;
        manifest.AsObject().Remove("sha256");
        manifest["format"] = 1;
        change(manifest["provenance"]!.AsObject());
        File.WriteAllText(path, manifest.ToJsonString());
    }

    private void Change(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={_lab.At("data/lab.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery().Should().BePositive("the test must change something");
    }
}
