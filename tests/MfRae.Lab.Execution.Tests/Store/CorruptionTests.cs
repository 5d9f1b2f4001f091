using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Execution.Journal;
using MfRae.Lab.Execution.Running;
using MfRae.Lab.Execution.Store;
using MfRae.Lab.Execution.Tests.Support;
using MfRae.Lab.TestWorker;

namespace MfRae.Lab.Execution.Tests.Store;

/// <summary>Files that change after they were written. A fixed seed chooses the positions.</summary>
public sealed class CorruptionTests : IDisposable
{
    private const int Damages = 200;
    private readonly TestLab _lab = new();
    private readonly Random _random = new(5);
    private readonly Plan _plan = TestPlan.Chain("steps=3", "steps=2", "steps=40", "steps=1");

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void Two_hundred_flipped_bits_and_truncations_are_all_detected()
    {
        _lab.Run(_plan);
        var seen = new HashSet<string>();
        for (var damage = 0; damage < Damages; damage++)
        {
            var (key, path, what) = Draw();
            seen.Add(Path.GetFileName(path));
            var content = File.ReadAllBytes(path);

            Damage(path, content);

            _lab.Store.Verify(key).Ok.Should().BeFalse($"{what} must be noticed");
            File.WriteAllBytes(path, content);
            _lab.Store.Verify(key).Ok.Should().BeTrue("it is as it was again");
        }

        seen.Should().BeEquivalentTo("manifest.json", "spec.json", "journal.1.jsonl", "sum.txt");
    }

    [Fact]
    public void A_run_never_uses_a_damaged_stage()
    {
        _lab.Run(_plan);
        for (var damage = 0; damage < 20; damage++)
        {
            var (key, path, what) = Draw();
            Damage(path, File.ReadAllBytes(path));

            var outcome = _lab.Run(_plan);

            outcome.Succeeded.Should().BeTrue();
            _lab.Log.Statuses.Should().Contain(status => status.Key == key && status.Reason != null
                && status.Reason.StartsWith("its files were damaged and were set aside"), what);
            _plan.Stages.Where(stage => _lab.Store.IsComplete(stage.Key)).Should().OnlyContain(stage => _lab.Store.Verify(stage.Key).Ok);
        }

        File.ReadAllText(Path.Combine(_lab.Store.CompleteFolder(_plan.Stages[3].Key), "sum.txt")).Should().Be("830");
    }

    [Fact]
    public void A_manifest_without_its_hash_is_accepted_only_in_format_1()
    {
        _lab.Run(_plan);
        var key = _plan.Stages[0].Key;
        var path = Path.Combine(_lab.Store.CompleteFolder(key), ArtifactStore.ManifestName);
        var manifest = _lab.Store.ReadManifest(key);
        byte[] Bytes(int format) =>
            System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(manifest with { Format = format }, LabJson.Default.Manifest);

        File.WriteAllBytes(path, Bytes(1));
        _lab.Store.Verify(key).Ok.Should().BeTrue();

        File.WriteAllBytes(path, Bytes(2));
        _lab.Store.Verify(key).ToString().Should().Contain("it does not begin with its hash");
    }

    [Fact]
    public void A_damaged_journal_loses_the_lines_after_the_damage_and_never_gives_a_wrong_line()
    {
        var stopped = TestPlan.Chain("steps=30 fail=25");
        _lab.Run(stopped);
        var journal = Path.Combine(_lab.Store.PartialFolder(stopped.Stages[0].Key), "journal.1.jsonl");
        var whole = JournalReader.Read(journal).Lines.Count;
        var content = File.ReadAllBytes(journal);
        File.WriteAllBytes(journal, content[..^7]);

        JournalReader.Read(journal).Lines.Should().HaveCount(whole - 1);
    }

    private (string Key, string Path, string What) Draw()
    {
        // Verified folders only: a stage without users is not computed again.
        var keys = _lab.Store.CompleteKeys();
        var key = keys[_random.Next(keys.Count)];
        var files = Directory.GetFiles(_lab.Store.CompleteFolder(key)).Where(path => !path.EndsWith(".log", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal).ToArray();
        var path = files[_random.Next(files.Length)];
        return (key, path, $"the change of {Path.GetFileName(path)}");
    }

    private void Damage(string path, byte[] content)
    {
        if (_random.Next(3) == 0)
        {
            File.WriteAllBytes(path, content[.._random.Next(content.Length)]);
            return;
        }

        var changed = (byte[])content.Clone();
        changed[_random.Next(changed.Length)] ^= (byte)(1 << _random.Next(8));
        File.WriteAllBytes(path, changed);
    }
}
