using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;

namespace MfRae.Lab.Benchmarks;

/// <summary>A stage that is computed in this process, outside a store.</summary>
internal static class BenchmarkStage
{
    /// <summary>The context of a training.</summary>
    /// <param name="journal">Where the training reports; null: nowhere.</param>
    public static StageContext Training(string folder, RunSettings settings, IJournal? journal = null) =>
        Context("meanflow", new ProbeStage(), new Dictionary<string, string>(), folder, folder, settings, journal);

    /// <summary>The context of a stage.</summary>
    /// <param name="inputs">Input → folder.</param>
    public static StageContext Context(
        string kind, StageDefinition definition, Dictionary<string, string> inputs, string workingDirectory, string folder, RunSettings settings,
        IJournal? journal = null)
    {
        var node = new StageNode("", kind, "benchmark", definition, 0, new Dictionary<string, string>());
        return new(
            new(node, inputs, workingDirectory, 1, settings), folder, journal ?? new Silence(), TimeProvider.System, CancellationToken.None);
    }

    /// <summary>A journal that keeps nothing.</summary>
    private sealed class Silence : IJournal
    {
        public void Write(JournalEvent entry)
        {
        }

        public void Flush()
        {
        }
    }
}
