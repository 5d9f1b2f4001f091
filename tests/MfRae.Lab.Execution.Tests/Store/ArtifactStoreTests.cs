using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Journal;
using MfRae.Lab.Execution.Running;
using MfRae.Lab.Execution.Store;
using MfRae.Lab.Execution.Tests.Support;
using MfRae.Lab.TestWorker;

namespace MfRae.Lab.Execution.Tests.Store;

public sealed class ArtifactStoreTests : IDisposable
{
    private static readonly StageNode Node = TestPlan.Stage("stage", "steps=1");
    private readonly TestLab _lab = new();

    private ArtifactStore Store => _lab.Store;

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void A_complete_stage_is_a_folder_named_by_its_key_with_a_manifest()
    {
        var partial = Complete();

        Directory.Exists(partial).Should().BeFalse();
        Store.IsComplete(Node.Key).Should().BeTrue();
        Store.Verify(Node.Key).Ok.Should().BeTrue();
        var manifest = Store.ReadManifest(Node.Key);
        manifest.Files.Select(file => file.Name).Should().Equal("spec.json", "weights.bin", "journal.1.jsonl");
        manifest.Files[1]
            .Should().Be(new ManifestFile("weights.bin", 3, "039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81"));
        manifest.Definition.GetProperty("split").GetString().Should().Be("steps=1");
    }

    [Fact]
    public void A_manifest_with_fields_of_a_newer_version_verifies()
    {
        Complete();
        Reseal(json => json["compression"] = "none");

        Store.Verify(Node.Key).Ok.Should().BeTrue();
        Store.ReadManifest(Node.Key).Kind.Should().Be(Node.Kind);
    }

    [Fact]
    public void A_stage_of_a_newer_format_is_refused_and_not_moved()
    {
        Complete();
        Reseal(json => json["format"] = 3);

        FluentActions.Invoking(() => _lab.Run(TestPlan.Of([Node]))).Should().Throw<LabException>()
            .WithMessage("*manifest.json*format 3*update the program*");

        Store.IsComplete(Node.Key).Should().BeTrue();
        Store.FoldersOf(Node.Key).Should().Equal(Store.CompleteFolder(Node.Key));
    }

    [Fact]
    public void Checkpoints_are_deleted_when_the_stage_completes()
    {
        Complete();

        Directory.GetFiles(Store.CompleteFolder(Node.Key), "checkpoint*").Should().BeEmpty();
    }

    [Theory]
    [InlineData("changed", "*weights.bin has changed*")]
    [InlineData("longer", "*weights.bin has 4 bytes instead of 3*")]
    [InlineData("gone", "*weights.bin is missing*")]
    [InlineData("linked", "*weights.bin is a link*")]
    [InlineData("unreadable manifest", "*manifest.json cannot be read*")]
    public void Verification_reports_the_damage(string damage, string expected)
    {
        Complete();
        var folder = Store.CompleteFolder(Node.Key);
        var file = Path.Combine(folder, "weights.bin");
        switch (damage)
        {
            case "changed":
                File.WriteAllBytes(file, [1, 2, 4]);
                break;
            case "longer":
                File.WriteAllBytes(file, [1, 2, 3, 4]);
                break;
            case "gone":
                File.Delete(file);
                break;
            case "linked":
                File.Move(file, file + "2");
                File.CreateSymbolicLink(file, file + "2");
                break;
            default:
                File.WriteAllText(Path.Combine(folder, "manifest.json"), "{");
                break;
        }

        Store.Verify(Node.Key).ToString().Should().Match(expected);
    }

    [Fact]
    public void A_manifest_cannot_name_files_outside_its_folder()
    {
        Complete();
        var manifest = Store.ReadManifest(Node.Key);
        var path = Path.Combine(Store.CompleteFolder(Node.Key), "manifest.json");
        File.WriteAllBytes(path, JsonSerializer.SerializeToUtf8Bytes(
            manifest with { Format = 1, Files = [manifest.Files[1] with { Name = "../weights.bin" }] }, LabJson.Default.Manifest));

        Store.Verify(Node.Key).Problems.Should().Equal("'../weights.bin' is not a file name");
    }

    [Fact]
    public void A_manifest_of_another_stage_is_refused()
    {
        Complete();
        var other = TestPlan.KeyOf("other");
        Directory.Move(Store.CompleteFolder(Node.Key), Store.CompleteFolder(other));

        Store.Verify(other).ToString().Should().Contain("belongs to another stage");
    }

    [Fact]
    public void A_set_aside_folder_keeps_its_files_the_reason_and_its_attempt_number()
    {
        Complete();

        var bad = Store.SetAside(Node.Key, "it smelt");

        Store.IsComplete(Node.Key).Should().BeFalse();
        File.ReadAllText(Path.Combine(bad, "reason.txt")).Should().Be("it smelt\n");
        File.Exists(Path.Combine(bad, "weights.bin")).Should().BeTrue();
        Store.NextAttempt(Node.Key).Should().Be(2);
    }

    [Fact]
    public void A_stage_survives_a_death_between_manifest_and_rename()
    {
        Complete();
        Directory.Move(Store.CompleteFolder(Node.Key), Store.PartialFolder(Node.Key));

        Store.TryPublish(Node.Key).Should().BeTrue();

        Store.Verify(Node.Key).Ok.Should().BeTrue();
    }

    [Fact]
    public void An_incomplete_folder_with_a_damaged_manifest_is_not_published()
    {
        Complete();
        Directory.Move(Store.CompleteFolder(Node.Key), Store.PartialFolder(Node.Key));
        File.WriteAllBytes(Path.Combine(Store.PartialFolder(Node.Key), "weights.bin"), [9]);

        Store.TryPublish(Node.Key).Should().BeFalse();

        Store.IsComplete(Node.Key).Should().BeFalse();
        File.Exists(Path.Combine(Store.PartialFolder(Node.Key), "manifest.json")).Should().BeFalse();
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public void Folders_are_readable_only_by_their_owner()
    {
        Requires.Unix();
        var mode = File.GetUnixFileMode(Store.CreatePartial(Node.Key));

        mode.Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    [Theory]
    [InlineData("..")]
    [InlineData("../0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("ABCDEF0000000000000000000000000000000000000000000000000000000000")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000\n")]
    public void An_invalid_key_never_becomes_a_path(string key) =>
        Store.Invoking(store => store.CompleteFolder(key)).Should().Throw<ArgumentException>();

    [Theory]
    [InlineData("a-B_9.bin", true)]
    [InlineData("..", false)]
    [InlineData("a/b", false)]
    [InlineData("a\\b", false)]
    [InlineData("", false)]
    [InlineData("a b", false)]
    public void Names_have_letters_digits_dots_underscores_and_hyphens(string name, bool valid) => ArtifactName.IsName(name).Should().Be(valid);

    private string Complete()
    {
        var partial = _lab.Prepare(Node);
        File.WriteAllBytes(Path.Combine(partial, "weights.bin"), [1, 2, 3]);
        File.WriteAllText(Path.Combine(partial, "checkpoint.bin"), "half way");
        File.WriteAllText(Path.Combine(partial, "worker.1.log"), "chatter");
        var journal = new StageJournal(partial, 1, TimeProvider.System);
        var provenance = Provenance.Of(AttemptOrigins.OfProcess("cpu"), "cpu", 1, 1, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch);
        Store.Complete(Node, provenance, () =>
        {
            journal.Write(new FinishedEvent("completed", 1, 1, 1, null));
            journal.Dispose();
        });
        return partial;
    }

    /// <summary>Changes the manifest and its hash, like another version of the program.</summary>
    private void Reseal(Action<JsonObject> change)
    {
        var path = Path.Combine(Store.CompleteFolder(Node.Key), ArtifactStore.ManifestName);
        var json = JsonNode.Parse(File.ReadAllBytes(path))!.AsObject();
        json.Remove("sha256");
        change(json);
        var rest = "\"," + json.ToJsonString()[1..];
        File.WriteAllText(path, "{\"sha256\":\"" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(rest))) + rest);
    }
}
