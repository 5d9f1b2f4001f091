using System.Globalization;
using MfRae.Lab.Core.Upkeep;

namespace MfRae.Lab.Core.Tracking;

/// <summary>Whole lines of a journal, and the offset in bytes at which the next ones begin.</summary>
public sealed record JournalChunk(IReadOnlyList<JournalLine> Lines, long NextOffset)
{
    /// <summary>How the attempt ended; null where the last event of a known kind is no end.</summary>
    public FinishedEvent? Finished => Lines.LastOrDefault(line => line.Event is not NewerEvent)?.Event as FinishedEvent;

    /// <summary>A sentence about the events that this version skips, or null where there are none.</summary>
    /// <param name="path">The journal, for the message.</param>
    public string? Skipped(string path)
    {
        var kinds = Lines.Select(line => line.Event).OfType<NewerEvent>().CountBy(entry => entry.Kind).OrderBy(kind => kind.Key, StringComparer.Ordinal)
            .Select(kind => $"{kind.Value.ToString(CultureInfo.InvariantCulture)} of kind `{PrintableText.Of(kind.Key, 40)}`").ToList();
        return kinds.Count == 0 ? null : $"{path}: skipped events of a newer version ({string.Join(", ", kinds)}); update the program to read them";
    }
}
