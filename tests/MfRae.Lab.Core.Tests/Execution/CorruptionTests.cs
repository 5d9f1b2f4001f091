using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Tracking;
using MfRae.Lab.TestWorker;

namespace MfRae.Lab.Core.Tests.Execution;

/// <summary>Files that change after they were written. The places are drawn by a fixed seed.</summary>
public sealed class CorruptionTests : IDisposable
{
    private const int Damages = 200;
    private readonly Lab lab = new();
    private readonly Random random = new(5);
    private readonly Plan plan = TestPlan.Chain("steps=3", "steps=2", "steps=40", "steps=1");

    public void Dispose() => lab.Dispose();

    [Fact]
    public void Two_hundred_flipped_bits_and_truncations_are_all_detected()
    {
        lab.Run(plan);
        var seen = new HashSet<string>();
        for (var damage = 0; damage < Damages; damage++)
        {
            var (key, path, what) = Draw();
            seen.Add(Path.GetFileName(path));
            var content = File.ReadAllBytes(path);

            Damage(path, content);

            lab.Store.Verify(key).Ok.Should().BeFalse($"{what} must be noticed");
            File.WriteAllBytes(path, content);
            lab.Store.Verify(key).Ok.Should().BeTrue("it is as it was again");
        }

        seen.Should().BeEquivalentTo("manifest.json", "spec.json", "journal.1.jsonl", "sum.txt");
    }

    [Fact]
    public void A_run_never_uses_what_is_damaged()
    {
        lab.Run(plan);
        for (var damage = 0; damage < 20; damage++)
        {
            var (key, path, what) = Draw();
            Damage(path, File.ReadAllBytes(path));

            var outcome = lab.Run(plan);

            outcome.Succeeded.Should().BeTrue();
            lab.Log.Statuses.Should().Contain(status => status.Key == key && status.Reason != null
                && status.Reason.StartsWith("its files did not verify and were set aside"), what);
            plan.Stages.Where(stage => lab.Store.IsComplete(stage.Key)).Should().OnlyContain(stage => lab.Store.Verify(stage.Key).Ok);
        }

        File.ReadAllText(Path.Combine(lab.Store.CompleteFolder(plan.Stages[3].Key), "sum.txt")).Should().Be("830");
    }

    [Fact]
    public void A_manifest_without_its_own_hash_is_taken_only_from_the_time_before_there_was_one()
    {
        lab.Run(plan);
        var key = plan.Stages[0].Key;
        var path = Path.Combine(lab.Store.CompleteFolder(key), ArtifactStore.ManifestName);
        var manifest = lab.Store.ReadManifest(key);
        byte[] Bytes(int format) =>
            System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(manifest with { Format = format }, LabJson.Default.Manifest);

        File.WriteAllBytes(path, Bytes(1));
        lab.Store.Verify(key).Ok.Should().BeTrue();

        File.WriteAllBytes(path, Bytes(2));
        lab.Store.Verify(key).ToString().Should().Contain("it does not begin with its own hash");
    }

    [Fact]
    public void A_damaged_journal_of_a_stage_in_work_costs_what_follows_and_never_tells_a_wrong_line()
    {
        var stopped = TestPlan.Chain("steps=30 fail=25");
        lab.Run(stopped);
        var journal = Path.Combine(lab.Store.PartialFolder(stopped.Stages[0].Key), "journal.1.jsonl");
        var whole = JournalReader.Read(journal).Lines.Count;
        var content = File.ReadAllBytes(journal);
        File.WriteAllBytes(journal, content[..^7]);

        JournalReader.Read(journal).Lines.Should().HaveCount(whole - 1);
    }

    private (string Key, string Path, string What) Draw()
    {
        // Verified folders only: one that nothing needs any more is not computed again.
        var keys = lab.Store.CompleteKeys();
        var key = keys[random.Next(keys.Count)];
        var files = Directory.GetFiles(lab.Store.CompleteFolder(key)).Where(path => !path.EndsWith(".log", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal).ToArray();
        var path = files[random.Next(files.Length)];
        return (key, path, $"the change of {Path.GetFileName(path)}");
    }

    private void Damage(string path, byte[] content)
    {
        if (random.Next(3) == 0)
        {
            File.WriteAllBytes(path, content[..random.Next(content.Length)]);
            return;
        }

        var changed = (byte[])content.Clone();
        changed[random.Next(changed.Length)] ^= (byte)(1 << random.Next(8));
        File.WriteAllBytes(path, changed);
    }
}
