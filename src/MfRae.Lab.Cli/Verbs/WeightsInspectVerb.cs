using System.Globalization;
using MfRae.Lab.Cli.Output;
using MfRae.Lab.Learning.Formats;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Shows what a file of weights holds.</summary>
public sealed class WeightsInspectVerb(Terminal terminal, string workingDirectory)
{
    private const int LongestText = 100;

    /// <param name="file">As <see cref="TensorFile.Open"/> takes it.</param>
    public int Execute(string file, bool json)
    {
        var content = TensorFileSummary.Of(Path.GetFullPath(file, workingDirectory));
        if (json)
            terminal.Out.WriteLine(Json(content));
        else
            Write(content);
        return ExitCode.Ok;
    }

    private void Write(TensorFileSummary content)
    {
        terminal.Out.WriteLine($"format   {content.Format}");
        terminal.Out.WriteLine($"tensors  {Grouped(content.Tensors.Count)}");
        terminal.Out.WriteLine($"numbers  {Grouped(content.Count)}, {Grouped(Bytes(content.Tensors))} bytes");
        var groups = Groups(content);
        if (groups.Count > 1 && groups.Count < content.Tensors.Count)
        {
            var dictionaries = new TextTable("part", "tensors", "numbers", "bytes");
            foreach (var (name, tensors) in groups)
                dictionaries.Add(name, Grouped(tensors.Count), Grouped(tensors.Sum(tensor => tensor.Count)), Grouped(Bytes(tensors)));
            terminal.Out.Write("\n" + dictionaries);
        }

        var table = new TextTable("tensor", "type", "shape", "numbers");
        foreach (var tensor in content.Tensors)
            table.Add(tensor.Name, tensor.Type, $"[{string.Join(", ", tensor.Shape)}]", Grouped(tensor.Count));
        terminal.Out.Write("\n" + table);
        if (content.Unread.Count > 0)
        {
            var unread = new TextTable("not read", "reason");
            foreach (var (name, reason) in content.Unread)
                unread.Add(name.Length > 0 ? name : "(the whole)", reason);
            terminal.Out.Write("\n" + unread);
        }
        if (content.Metadata.Count == 0)
            return;
        var metadata = new TextTable("metadata", "value");
        foreach (var (key, value) in content.Metadata)
            metadata.Add(key, value.Length > LongestText ? value[..LongestText] + "…" : value);
        terminal.Out.Write("\n" + metadata);
    }

    private static string Json(TensorFileSummary content) => JsonText.Write(json =>
    {
        json.WriteStartObject();
        json.WriteString("format", content.Format);
        json.WriteNumber("numbers", content.Count);
        json.WriteNumber("bytes", Bytes(content.Tensors));
        json.WriteStartObject("metadata");
        foreach (var (key, value) in content.Metadata)
            json.WriteString(key, value);
        json.WriteEndObject();
        json.WriteStartObject("notRead");
        foreach (var (name, reason) in content.Unread)
            json.WriteString(name, reason);
        json.WriteEndObject();
        json.Objects("tensors", content.Tensors, tensor =>
        {
            json.WriteString("name", tensor.Name);
            json.WriteString("type", tensor.Type);
            json.WriteStartArray("shape");
            foreach (var extent in tensor.Shape)
                json.WriteNumberValue(extent);
            json.WriteEndArray();
        });
        json.WriteEndObject();
    });

    // Nested dictionaries of a checkpoint; in other files the parts of the network.
    private static List<(string Name, List<TensorSummary> Tensors)> Groups(TensorFileSummary content) =>
        [.. content.Tensors.GroupBy(tensor => tensor.Name.Contains('.') ? tensor.Name[..tensor.Name.IndexOf('.')] : tensor.Name)
            .Select(group => (group.Key, group.ToList()))];

    private static long Bytes(IEnumerable<TensorSummary> tensors) => tensors.Sum(tensor => tensor.Bytes);

    private static string Grouped(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
