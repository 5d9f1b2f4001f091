using System.Text.Json;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Journal;
using MfRae.Lab.Execution.Running;
using MfRae.Lab.Execution.Store;
using MfRae.Lab.Execution.Tests.Support;
using MfRae.Lab.TestWorker;

namespace MfRae.Lab.Execution.Tests.Store;

public sealed class RecordVerifierTests : IDisposable
{
    private static readonly Measurement Told = new("fid", 3, null, null, 10, 1, 1, "balanced", "e", "p", "r", false);

    private readonly TestLab _lab = new();

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void A_value_from_a_journal_without_identity_is_verified_by_its_other_fields()
    {
        var problems = Check(told: Told, kept: Told with { Device = "cpu", Noise = "fixed:0", Setting = "batch=250" });

        problems.Should().BeEmpty();
    }

    [Fact]
    public void A_value_with_another_device_in_its_journal_is_a_mismatch()
    {
        var whole = Told with { Device = "cpu", Noise = "fixed:0", Setting = "" };

        Check(told: whole, kept: whole).Should().BeEmpty();
        Check(told: whole, kept: whole with { Device = "cuda" }).Should().ContainSingle().Which.Should().Contain("fid@1 that no journal");
    }

    private IReadOnlyList<string> Check(Measurement told, Measurement kept)
    {
        var node = TestPlan.Stage($"{told.Device} {kept.Device}", "");
        var journal = new StageJournal(_lab.Prepare(node), 1, TimeProvider.System);
        journal.Write(new MeasuredEvent(told));
        var provenance = Provenance.Of(AttemptOrigins.OfProcess("cpu"), "cpu", 1, 1, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch);
        _lab.Store.Complete(node, provenance, journal.Dispose);
        var definition = JsonSerializer.Serialize(node.Definition, LabJson.Default.StageDefinition);
        return new RecordVerifier(_lab.Store).Check(new(
            node.Key, node.Kind, node.Label, "completed", null, node.Seed, definition, node.Inputs, [], [kept], [], [])).Problems;
    }
}
