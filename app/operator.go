package app

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"rennsteig/platform/identity"
	"rennsteig/platform/queue"
)

// healthz says that the process lives.
func (p *program) healthz(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") }

// readyz says whether the process can work: its database answers and its catalogue is loaded.
func (p *program) readyz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	if err := p.house.DB.Ping(ctx); err != nil {
		p.cfg.Log.WarnContext(ctx, "not ready", "error", err)
		http.Error(w, "database does not answer", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ready")
}

// operatorHandler is served on the operator's address only.
func (p *program) operatorHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", p.healthz)
	mux.HandleFunc("GET /readyz", p.readyz)
	mux.Handle("GET /metrics", promhttp.HandlerFor(p.metrics.registry, promhttp.HandlerOpts{}))
	return mux
}

// metrics are what Prometheus reads.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
}

func newMetrics(p *program) *metrics {
	m := &metrics{registry: prometheus.NewRegistry(), requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "rennsteig_request_seconds", Help: "Time to answer a request, by route and status class.",
		Buckets: []float64{.001, .003, .01, .03, .1, .3, 1, 3, 10},
	}, []string{"route", "status"})}
	m.registry.MustRegister(m.requests, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), &jobs{queue: p.house.Queue})
	return m
}

// count measures every request under the pattern that serves it, never under the address itself.
func (m *metrics) count(next http.Handler, mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		rec := &statusRecorder{ResponseWriter: w, status: http.StatusOK}
		defer func() {
			_, route := mux.Handler(r)
			if route == "" {
				route = "unknown"
			}
			m.requests.WithLabelValues(route, strconv.Itoa(rec.status/100)+"xx").Observe(time.Since(start).Seconds())
		}()
		next.ServeHTTP(rec, r)
	})
}

type statusRecorder struct {
	http.ResponseWriter
	status int
}

func (w *statusRecorder) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (w *statusRecorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// jobs reads the queue's state when it is asked for.
type jobs struct{ queue *queue.Queue }

var (
	jobsWaiting = prometheus.NewDesc("rennsteig_jobs_waiting", "Jobs not yet done.", nil, nil)
	jobsDead    = prometheus.NewDesc("rennsteig_jobs_dead", "Jobs that failed for good and wait for an operator.", nil, nil)
	jobsOldest  = prometheus.NewDesc("rennsteig_jobs_oldest_seconds", "Age of the oldest job that is due.", nil, nil)
)

func (j *jobs) Describe(c chan<- *prometheus.Desc) { c <- jobsWaiting; c <- jobsDead; c <- jobsOldest }

func (j *jobs) Collect(c chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(identity.AsSystem(context.Background(), "metrics"), 2*time.Second)
	defer cancel()
	n, err := j.queue.Counts(ctx)
	if err != nil {
		c <- prometheus.NewInvalidMetric(jobsWaiting, err)
		return
	}
	c <- prometheus.MustNewConstMetric(jobsWaiting, prometheus.GaugeValue, float64(n.Waiting))
	c <- prometheus.MustNewConstMetric(jobsDead, prometheus.GaugeValue, float64(n.Dead))
	c <- prometheus.MustNewConstMetric(jobsOldest, prometheus.GaugeValue, n.OldestAge.Seconds())
}
